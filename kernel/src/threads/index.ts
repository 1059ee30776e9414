/** What the main thread and the gateway share: words, a ring of output, and the messages between them. */
export { CUT_OFF, CUT_OFF_EXPRESSION, RICH_DISPLAY, type CutOffReason } from "./cut-off";
export { Flag, clock, createFlags, type Flags } from "./flags";
export { RING_BYTES, RingReader, RingWriter, type RingRecord, type StreamName } from "./ring";
export { NO_TASK, type Answer, type ErrorReport, type Evaluated, type ExpressionScript, type GatewayStart, type Script, type Task, type ToGateway, type ToMain } from "./messages";
