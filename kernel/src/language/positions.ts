/** From places in a script to places in the user's TypeScript and back: for tracebacks and breakpoints. */

import type { ColumnShift, Position } from "./cell.js";

interface Mapped {
  shifts: readonly ColumnShift[];
  map?: string | undefined;
}
type TraceMap = import("@jridgewell/trace-mapping").TraceMap;

/** Where in the cell the user wrote what stands at a place of the script. */
export function originalPosition(cell: Mapped, position: Position): Position {
  const by = shiftsOf(cell, position.line).findLast(({ column }) => column <= position.column)?.by ?? 0;
  const inCode = { line: position.line, column: Math.max(1, position.column - by) };
  if (!cell.map) return inCode;
  const { line, column } = tracing().originalPositionFor(traceMap(cell.map), { line: inCode.line, column: inCode.column - 1 });
  return line === null ? inCode : { line, column: column + 1 };
}

/** Where in the script the place of the cell is; the start of its line where the script has nothing of that place. */
export function scriptPosition(cell: Mapped, position: Position): Position {
  let { line, column } = position;
  if (cell.map) {
    const { generatedPositionFor, LEAST_UPPER_BOUND } = tracing();
    const map = traceMap(cell.map);
    const source = map.sources[0] ?? "";
    const needle = { source, line, column: column - 1 };
    let found = generatedPositionFor(map, { ...needle, bias: LEAST_UPPER_BOUND });
    if (found.line === null) found = generatedPositionFor(map, needle);
    if (found.line !== null) ({ line, column } = { line: found.line, column: found.column + 1 });
  }
  const by = shiftsOf(cell, line).findLast((shift) => shift.column - shift.by <= column)?.by ?? 0;
  return { line, column: column + by };
}

function shiftsOf({ shifts }: Mapped, line: number): ColumnShift[] {
  return shifts.filter((shift) => shift.line === line);
}

// Needed at the first error in a transformed cell only.
const tracing = (): typeof import("@jridgewell/trace-mapping") => require("@jridgewell/trace-mapping") as typeof import("@jridgewell/trace-mapping");

const maps = new Map<string, TraceMap>();
const KEPT_MAPS = 16;

function traceMap(json: string): TraceMap {
  let map = maps.get(json);
  if (!map) {
    if (maps.size >= KEPT_MAPS) maps.delete(maps.keys().next().value!);
    maps.set(json, (map = new (tracing().TraceMap)(json)));
  }
  return map;
}
