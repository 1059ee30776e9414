/** Frames of DuckDB, shown as danfojs' are; how the values of a column are spread stands below its type. */
import type { ColumnPreview, Frame } from "../frame";
import { columnEnds, rowEnds, SHOWN, tableBundle } from "./frames";
import type { MimeBundle } from "./frontend";
import { peek } from "./peek";

export function isQueryFrame(value: unknown): value is Frame {
  return typeof value === "object" && value !== null && typeof peek(value, "preview") === "function" && "relation" in value;
}

/** Asks the frame for what is shown of it: its rows are computed for that. */
export async function queryFrameBundle(frame: Frame): Promise<MimeBundle> {
  const { rows, columns, head, tail } = await frame.preview(SHOWN);
  const row = (index: number): Record<string, unknown> | undefined => (index < head.length ? head[index] : tail[index - (rows - tail.length)]);
  return tableBundle({
    rows,
    columns: columns.length,
    rowsShown: rowEnds(rows),
    columnsShown: columnEnds(columns.length),
    name: (column) => columns[column]!.name,
    dtype: (column) => columns[column]!.dtype,
    label: String,
    cell: (index, column) => row(index)?.[columns[column]!.name],
    missing: (column) => columns[column]!.missing,
    spread: (column) => spread(columns[column]!),
  });
}

const BARS = "▁▂▃▄▅▆▇█";

/** A histogram of letters, which survives wherever text does; or how many values there are. */
export function spread({ bins, distinct }: ColumnPreview): string {
  if (distinct !== undefined) return distinct === 0 ? "" : `≈ ${distinct.toLocaleString("en-US")} distinct`;
  if (!bins) return "";
  const most = Math.max(...bins);
  return bins.map((count) => (count === 0 ? " " : BARS[Math.min(BARS.length - 1, Math.floor((count / most) * BARS.length))]!)).join("");
}
