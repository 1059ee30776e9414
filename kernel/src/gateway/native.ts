import { readSync } from "node:fs";
import { Socket } from "node:net";
import { StringDecoder } from "node:string_decoder";
import type { StreamName } from "../threads";

/** TensorFlow says these two lines, each written by itself, whenever it is loaded and whatever its log level: no news to a notebook. */
const REMARK = /^(?:WARNING: All log messages before absl::InitializeLog\(\) is called are written to STDERR|I\d{4} .*oneDNN custom operations are on\..*)\n/gm;

/**
 * Reads what native code and child processes write to the process's file descriptors 1 and 2, which main
 * has turned into pipes (see `runtime/descriptors`).
 */
export class NativeOutput {
  readonly #buffer = Buffer.allocUnsafeSlow(1 << 16);
  readonly #pipes: { fd: number; name: StreamName; decoder: StringDecoder; socket: Socket }[];
  readonly #write: (name: StreamName, text: string) => void;

  constructor(pipes: { stdout: number; stderr: number }, write: (name: StreamName, text: string) => void) {
    this.#write = write;
    this.#pipes = (["stdout", "stderr"] as const).map((name) => {
      const decoder = new StringDecoder("utf8");
      const socket = new Socket({ fd: pipes[name], readable: true, writable: false });
      socket.on("data", (chunk: Buffer) => this.#emit(name, decoder.write(chunk)));
      socket.on("error", () => undefined);
      return { fd: pipes[name], name, decoder, socket };
    });
  }

  /** Takes what is in the pipes now, so that it comes before what is told next. */
  drain(): void {
    for (const { fd, name, decoder } of this.#pipes) {
      try {
        for (let n = readSync(fd, this.#buffer); n > 0; n = readSync(fd, this.#buffer)) this.#emit(name, decoder.write(this.#buffer.subarray(0, n)));
      } catch {
        // EAGAIN: empty
      }
    }
  }

  #emit(name: StreamName, written: string): void {
    const text = written.replace(REMARK, "");
    if (text !== "") this.#write(name, text);
  }
}
