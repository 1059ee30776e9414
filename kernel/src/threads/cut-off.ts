/** Why what main runs is ended. */
export type CutOffReason = "interrupt" | "memory";

/** Where `runtime/cut-off` is found in main. */
export const CUT_OFF = Symbol.for("thawbook.cut off");

/**
 * How the gateway reaches it, within whatever runs in main: an expression for the inspector. True: something
 * ran and ends now, or (`paused` at a breakpoint) may be ended by its debugger. False: nothing ran, or main has seen the interrupt meanwhile.
 */
export const CUT_OFF_EXPRESSION = (reason: CutOffReason, paused = false): string => `globalThis[Symbol.for(${JSON.stringify(CUT_OFF.description)})]("${reason}",${paused})`;

/** Where main keeps what makes a value's MIME bundle, for the debugger. */
export const RICH_DISPLAY = Symbol.for("thawbook.rich display");
