/**
 * How the gateway reaches `runtime/cut-off` in main, within whatever runs there: an expression for the
 * inspector. True: something ran and ends now. False: nothing ran, or main has seen the interrupt meanwhile.
 */
export const CUT_OFF = Symbol.for("thawbook.cut off");
export const CUT_OFF_EXPRESSION = `globalThis[Symbol.for(${JSON.stringify(CUT_OFF.description)})]()`;
