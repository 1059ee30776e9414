export { asStreamData, isSource } from "./source";
export { boundStream, validationOf, type BoundStream } from "./bound-stream";
export type { StreamData, StreamElement, StreamSource } from "./stream.types";
