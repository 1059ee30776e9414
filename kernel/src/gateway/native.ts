import { readSync } from "node:fs";
import { Socket } from "node:net";
import { StringDecoder } from "node:string_decoder";
import type { StreamName, Task } from "../threads";

/** TensorFlow says these two lines, each written by itself, whenever it is loaded and whatever its log level: no news to a notebook. */
const REMARK = /^(?:WARNING: All log messages before absl::InitializeLog\(\) is called are written to STDERR|I\d{4} .*oneDNN custom operations are on\..*)\n/gm;

interface Pipe {
  fd: number;
  name: StreamName;
  /** The cell that it belongs to; undefined: to whichever runs. */
  task: Task | undefined;
  decoder: StringDecoder;
}

/**
 * Reads what native code and child processes write to the process's file descriptors 1 and 2, which main
 * has turned into pipes (see `runtime/descriptors`), and to the pipes of children that a cell has started
 * (see `runtime/child-output`).
 */
export class NativeOutput {
  readonly #buffer = Buffer.allocUnsafeSlow(1 << 16);
  readonly #pipes = new Set<Pipe>();
  readonly #write: (task: Task | undefined, name: StreamName, text: string) => void;

  constructor(pipes: { stdout: number; stderr: number } | undefined, write: (task: Task | undefined, name: StreamName, text: string) => void) {
    this.#write = write;
    for (const name of ["stdout", "stderr"] as const) if (pipes) this.open(pipes[name], name);
  }

  /** Reads a pipe until its last writer has closed it. */
  open(fd: number, name: StreamName, task?: Task): void {
    const pipe: Pipe = { fd, name, task, decoder: new StringDecoder("utf8") };
    this.#pipes.add(pipe);
    const socket = new Socket({ fd, readable: true, writable: false });
    const ended = (): boolean => this.#pipes.delete(pipe);
    socket.on("data", (chunk: Buffer) => this.#emit(pipe, chunk));
    socket.on("end", ended).on("close", ended).on("error", () => undefined);
  }

  /** Takes what is in the pipes now, so that it comes before what is told next. */
  drain(): void {
    for (const pipe of this.#pipes) {
      try {
        for (let n = readSync(pipe.fd, this.#buffer); n > 0; n = readSync(pipe.fd, this.#buffer)) this.#emit(pipe, this.#buffer.subarray(0, n));
      } catch {
        // EAGAIN: empty
      }
    }
  }

  #emit({ task, name, decoder }: Pipe, written: Buffer): void {
    const text = decoder.write(written).replace(REMARK, "");
    if (text !== "") this.#write(task, name, text);
  }
}
