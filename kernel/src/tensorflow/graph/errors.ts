/** A computation that cannot become a graph. The caller runs it eagerly and says so once. */
export class TraceError extends Error {
  override readonly name = "TraceError";

  constructor(
    /** TensorFlow's name of the op, or the JavaScript function, that stands in the way. */
    readonly op: string,
    readonly reason: string,
  ) {
    super(`${op} cannot be compiled: ${reason}`);
  }
}
