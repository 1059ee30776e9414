/** The main thread: runs cells, and shows what they give, write and throw. */
export { redirectDescriptors } from "./descriptors";
export { KeyboardInterrupt } from "./interrupt";
export { MainThread } from "./main-thread";
