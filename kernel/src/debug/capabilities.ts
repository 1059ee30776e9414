import type { DebugProtocol } from "@vscode/debugprotocol";

const FILTERS: DebugProtocol.ExceptionBreakpointsFilter[] = [
  { filter: "uncaught", label: "Uncaught errors", description: "Stop where an error is thrown that nothing catches", default: false },
  { filter: "all", label: "All errors", description: "Stop where any error is thrown", default: false },
];

/** What a front end may ask of the debugger. */
export const CAPABILITIES = {
  supportsConfigurationDoneRequest: true,
  supportsConditionalBreakpoints: true,
  supportsHitConditionalBreakpoints: true,
  supportsLogPoints: true,
  supportsExceptionInfoRequest: true,
  supportsTerminateRequest: true,
  supportsEvaluateForHovers: true,
  exceptionBreakpointFilters: FILTERS,
} satisfies DebugProtocol.Capabilities;
