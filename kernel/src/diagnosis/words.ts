/** Numbers and lists in the sentences of findings. Pure. */

/** Four digits: `0.2134`, `1.2e-5`, `27530`. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(1).replace(".0e", "e").replace("e+", "e");
  return String(Number(value.toPrecision(4)));
}

/** `a, b, c and 4 more`. */
export function listed(items: readonly (string | number)[], most = 3): string {
  const more = items.length - most;
  if (more > 0) return `${items.slice(0, most).join(", ")} and ${more} more`;
  return items.length > 1 ? `${items.slice(0, -1).join(", ")} and ${items.at(-1)}` : String(items[0] ?? "");
}

/** `1 row`, `3 rows`. */
export const plural = (n: number, word: string): string => `${n} ${word}${n === 1 ? "" : "s"}`;

export const percent = (share: number): string => `${Number((100 * share).toPrecision(share < 0.1 ? 2 : 3))}%`;

/** A rate that people would type: one digit. */
export const rounded = (rate: number): number => Number(rate.toPrecision(1));
