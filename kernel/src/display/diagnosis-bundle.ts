/** A diagnosis as a card, as markdown that reads well where HTML is not shown, and as text. Pure. */

import type { Diagnosis, Finding } from "../diagnosis";
import type { MimeBundle } from "./frontend";
import { element, type Markup } from "./svg";
import { count, figure } from "./words";
import { peek } from "./peek";

export function isDiagnosis(value: unknown): value is Diagnosis {
  if (typeof value !== "object" || value === null) return false;
  const it = value as Partial<Diagnosis>;
  return peek(value, "kind") === "diagnosis" && Array.isArray(it.findings) && Array.isArray(it.checked) && Array.isArray(it.unchecked);
}

export function diagnosisBundle(diagnosis: Diagnosis): MimeBundle {
  return { "text/html": asHtml(diagnosis), "text/markdown": asMarkdown(diagnosis), "text/plain": asText(diagnosis) };
}

const plural = (n: number, word: string): string => `${n} ${word}${n === 1 ? "" : "s"}`;

/** `digits: 2 findings after step 480 (epoch 5)`. */
function headOf({ run, findings, step, epoch }: Diagnosis): string {
  const found = findings.length === 0 ? "nothing wrong was found" : plural(findings.length, "finding");
  return `${run}: ${found} after step ${count(step)} (epoch ${epoch})`;
}

/** `problem · layer dense1 · epochs 5 to 12`. */
function placeOf({ severity, where }: Finding): string {
  const span = (name: string, [first, last]: readonly [number, number]) => (first === last ? `${name} ${first}` : `${name}s ${first} to ${last}`);
  const some = <T>(items: readonly T[], most: number) => `${items.slice(0, most).join(", ")}${items.length > most ? `, … (${items.length})` : ""}`;
  return [
    severity,
    where.layers && `layer${where.layers.length === 1 ? "" : "s"} ${some(where.layers, 4)}`,
    where.epochs && span("epoch", where.epochs),
    where.steps && span("step", where.steps),
    where.rows && `${where.rows.of} rows ${some(where.rows.numbers, 6)}`,
  ].filter(Boolean).join(" · ");
}

/** `validation loss now 0.93 · …`. */
const numbersOf = ({ evidence }: Finding): string =>
  Object.entries(evidence).map(([name, value]) => `${name.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase()} ${Number.isFinite(value) ? figure(value) : String(value)}`).join(" · ");

const checkedLine = ({ checked }: Diagnosis): string => `Checked: ${checked.join(", ")}.`;

/** `Not checked: dead units, saturated units; the layers could not be run.`: what has one reason in one line. */
function uncheckedLines({ unchecked }: Diagnosis): string[] {
  const reasons = [...new Set(unchecked.map(({ why }) => why))];
  return reasons.map((reason) => `Not checked: ${unchecked.filter(({ why }) => why === reason).map(({ what }) => what).join(", ")}; ${reason}`);
}

function asText(diagnosis: Diagnosis): string {
  const lines = [headOf(diagnosis)];
  diagnosis.findings.forEach((finding, index) => {
    lines.push("", `${index + 1}. ${finding.kind} (${placeOf(finding)})`, `   ${finding.what}`, `   ${finding.reason}`, `   Evidence: ${numbersOf(finding)}`, `   Source: ${finding.source}`);
    finding.fixes.forEach((fix) => lines.push(`   Try: ${fix.what}`, `        ${fix.code}`));
  });
  lines.push("", checkedLine(diagnosis), ...uncheckedLines(diagnosis));
  return lines.join("\n");
}

function asMarkdown(diagnosis: Diagnosis): string {
  const lines = [`**${escaped(headOf(diagnosis))}**`];
  diagnosis.findings.forEach((finding, index) => {
    lines.push("", `**${index + 1}. ${finding.kind}** (${escaped(placeOf(finding))})`, "", `${escaped(finding.what)} ${escaped(finding.reason)}`, "", `*${escaped(numbersOf(finding))}*`, "", `Source: ${escaped(finding.source)}`);
    finding.fixes.forEach((fix) => lines.push("", `- ${escaped(fix.what)}`, "  ```ts", `  ${fix.code}`, "  ```"));
  });
  lines.push("", escaped(checkedLine(diagnosis)));
  for (const line of uncheckedLines(diagnosis)) lines.push("", escaped(line));
  return lines.join("\n");
}

/** Layers and runs have the names that people give them. */
const escaped = (text: string): string => text.replace(/[\\`*_{}[\]<>#|~]/g, "\\$&");

/** Seen on light and dark ground alike; all else takes the page's own colours. */
const EDGE = { problem: "#d9534f", warning: "#e0912f", well: "#4c9f70" };

const card = (edge: string, ...content: Markup[]): Markup => element("div", { style: `border-left: 4px solid ${edge}; padding: 2px 0 2px 12px; margin: 10px 0` }, ...content);
const line = (...content: (Markup | string)[]): Markup => element("div", { style: "margin: 3px 0" }, ...content);

function asHtml(diagnosis: Diagnosis): string {
  const cards = diagnosis.findings.map((finding, index) =>
    card(
      EDGE[finding.severity],
      line(element("b", {}, `${index + 1}. ${finding.kind}`), " ", element("small", {}, placeOf(finding))),
      line(finding.what),
      line(finding.reason),
      ...finding.fixes.map((fix) => line(element("b", {}, "Try: "), fix.what, element("br", {}), element("code", {}, fix.code))),
      line(element("small", {}, numbersOf(finding))),
      line(element("small", {}, element("i", {}, finding.source))),
    ),
  );
  const foot = [line(element("small", {}, checkedLine(diagnosis))), ...uncheckedLines(diagnosis).map((each) => line(element("small", {}, each)))];
  const all = diagnosis.findings.length === 0 ? [card(EDGE.well, line(element("b", {}, headOf(diagnosis))), ...foot)] : [line(element("b", {}, headOf(diagnosis))), ...cards, ...foot];
  return element("div", {}, ...all).markup;
}
