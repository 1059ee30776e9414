/** SVG as text: elements from names, attributes and children, with everything escaped. */

export type Attributes = Record<string, string | number | undefined>;

/** Markup that is safe to put inside another element; made by `element` only. */
export interface Markup {
  readonly markup: string;
}

const escaped = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    // Control characters are not allowed in XML, and a layer's name may hold any.
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "\ufffd");

/** `element("rect", { x: 1 })`, `element("text", {}, "a < b")`: strings among the children are text. */
export function element(name: string, attributes: Attributes = {}, ...children: readonly (Markup | string | undefined)[]): Markup {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === "number" ? coordinate(value) : escaped(value as string)}"`)
    .join("");
  const inside = children.map((child) => (child === undefined ? "" : typeof child === "string" ? escaped(child) : child.markup)).join("");
  return { markup: inside === "" ? `<${name}${written}/>` : `<${name}${written}>${inside}</${name}>` };
}

/** Two decimals at most: a hundredth of a pixel is enough. */
export const coordinate = (value: number): string => String(Math.round(value * 100) / 100);

/** A path through points; null interrupts the line. */
export function linePath(points: readonly ([number, number] | null)[]): string {
  let path = "";
  let pen = false;
  for (const point of points) {
    if (point === null) {
      pen = false;
      continue;
    }
    path += `${pen ? "L" : "M"}${coordinate(point[0])} ${coordinate(point[1])}`;
    pen = true;
  }
  return path;
}

// Advance widths of DejaVu Sans in thousandths of the font size, by class of letter.
const NARROW = new Set("iljI.,:;'|!()[] ft/");
const WIDE = new Set("mwMW%@—");

/** About how wide a text is in DejaVu Sans, to leave room for it. */
export function textWidth(text: string, size: number): number {
  let width = 0;
  for (const letter of text) width += NARROW.has(letter) ? 0.37 : WIDE.has(letter) ? 0.95 : letter >= "A" && letter <= "Z" ? 0.69 : 0.62;
  return width * size;
}

/** Shortened in the middle, so that both ends of `encoder/0/attention/query` stay. */
export function fitted(text: string, size: number, width: number): string {
  if (textWidth(text, size) <= width) return text;
  let keep = text.length;
  while (keep > 3) {
    keep--;
    const head = Math.ceil(keep * 0.45);
    const shorter = `${text.slice(0, head)}…${text.slice(text.length - (keep - head))}`;
    if (textWidth(shorter, size) <= width) return shorter;
  }
  return "…";
}
