import { Console } from "node:console";
import { Readable, Writable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import type { RingWriter, StreamName } from "../threads";
import { currentTask } from "./attribution";

type Encoding = BufferEncoding | ((error?: Error | null) => void);

/** `process.stdout` or `process.stderr` of a notebook: what is written appears in the cell that wrote it. */
class CellStream extends Writable {
  readonly fd: 1 | 2;
  readonly #ring: RingWriter;
  readonly #name: StreamName;
  readonly #decoder = new StringDecoder("utf8");

  constructor(ring: RingWriter, name: StreamName) {
    super({ decodeStrings: false });
    this.#ring = ring;
    this.#name = name;
    this.fd = name === "stdout" ? 1 : 2;
  }

  /** Written at once, past the queue of a stream: there is nothing to wait for, and a line costs a third. */
  override write(chunk: unknown, encoding?: Encoding, done?: (error?: Error | null) => void): boolean {
    const callback = typeof encoding === "function" ? encoding : done;
    let text: string;
    if (typeof chunk === "string") {
      const named = typeof encoding === "string" ? encoding : "utf8";
      text = named === "utf8" || named === "utf-8" ? chunk : this.#decoder.write(Buffer.from(chunk, named));
    } else if (chunk instanceof Uint8Array) text = this.#decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    else throw new TypeError(`process.${this.#name}.write takes text or bytes, not ${chunk === null ? "null" : typeof chunk}`);
    if (text !== "") this.#ring.write(this.#name, currentTask(), text);
    if (callback) process.nextTick(callback, null);
    return true;
  }

  /** Ending it would silence the notebook for good. */
  override end(chunk?: unknown, encoding?: unknown, done?: unknown): this {
    const callback = [chunk, encoding, done].find((argument): argument is () => void => typeof argument === "function");
    if (chunk !== undefined && typeof chunk !== "function") this.write(chunk);
    if (callback) process.nextTick(callback);
    return this;
  }

  override destroy(): this {
    return this;
  }
}

/** `process.stdin` of a notebook: who reads from it is told where answers come from. */
function refusing(): Readable {
  const input = new Readable({
    read() {
      input.destroy(new Error("a notebook has no standard input, nothing would ever come from process.stdin: ask by prompt(\"…\"), or password(\"…\")"));
    },
  });
  // where nobody listens for it, the error is one of the cell that has read
  return Object.assign(input, { fd: 0, isTTY: false });
}

/** Features of Node that the kernel itself uses and that are no news to a notebook. */
const OWN_WARNINGS = /vm\.USE_MAIN_CONTEXT_DEFAULT_LOADER/;
/** A rejection that is shown, and handled by a later cell: the person has seen the error. */
const HANDLED_LATER = "PromiseRejectionHandledWarning";

/** Keeps Node's warnings about what the kernel does out of the cells. */
export function muteOwnWarnings(): void {
  const emit = process.emitWarning.bind(process) as (...args: unknown[]) => void;
  process.emitWarning = ((warning: unknown, ...rest: unknown[]) => {
    const isHandledLater = rest[0] === HANDLED_LATER || (warning instanceof Error && warning.name === HANDLED_LATER);
    if (!isHandledLater && !OWN_WARNINGS.test(String(warning))) emit(warning, ...rest);
  }) as typeof process.emitWarning;
}

/** Makes `process.stdout`, `process.stderr` and `console` write to the ring. */
export function installStreams(ring: RingWriter, clear: () => void): void {
  const stdout = new CellStream(ring, "stdout");
  const stderr = new CellStream(ring, "stderr");
  for (const [name, stream] of [["stdout", stdout], ["stderr", stderr]] as const) {
    Object.defineProperty(process, name, { value: stream, configurable: true, enumerable: true, writable: true });
  }
  // Node's own console tells V8's inspector of each line too, which costs a stack trace and keeps the last thousand arguments;
  // and, unless told otherwise, it listens for an error of the stream around each line, which ours never has.
  const own = new Console({ stdout, stderr, ignoreErrors: false });
  for (const [name, value] of Object.entries(own)) {
    if (typeof value === "function") (console as unknown as Record<string, unknown>)[name] = value;
  }
  console.clear = clear;
  Object.defineProperty(process, "stdin", { value: refusing(), configurable: true, enumerable: true, writable: true });
}
