/** The debugger: Debug Adapter Protocol <-> V8 inspector. */
export { DebugAdapter, type DebugAdapterOptions } from "./adapter";
export { cellPath, isCellPath } from "./cells";
