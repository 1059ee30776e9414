/** Every magic: its name, its form, and one sentence for `%help`, completions and inspection. */

import { editDistance } from "../../closest-names.js";

export type LineMagicName = "install" | "check" | "time" | "who" | "reset" | "help";
export type CellMagicName = "time" | "sql" | "html" | "markdown" | "javascript";

export interface MagicEntry {
  /** As it is written: `%install`, `%%html`. */
  sign: string;
  /** With its arguments. */
  form: string;
  does: string;
}

export const LINE_MAGICS: Record<LineMagicName, Omit<MagicEntry, "sign">> = {
  install: { form: "%install PACKAGE…", does: "installs npm packages (names, versions, folders) into the notebook's folder, before the cell is checked" },
  check: { form: "%check [off|warn|strict]", does: "says or sets what a type error does, from this cell on: nothing, a warning, or the cell does not run" },
  time: { form: "%time EXPRESSION", does: "evaluates the expression and prints how long it took" },
  who: { form: "%who", does: "lists the notebook's variables, with their kinds and values" },
  reset: { form: "%reset", does: "forgets what earlier cells have declared, before the cell is checked" },
  help: { form: "%help", does: "lists the magics" },
};

export const CELL_MAGICS: Record<CellMagicName, Omit<MagicEntry, "sign">> = {
  time: { form: "%%time", does: "runs the cell below it and prints how long it took" },
  sql: { form: "%%sql", does: "asks frames in SQL and shows the answer: select * from ${frame} where x > ${limit}" },
  html: { form: "%%html", does: "shows the rest of the cell as HTML" },
  markdown: { form: "%%markdown", does: "shows the rest of the cell as Markdown" },
  javascript: { form: "%%javascript", does: "runs the rest of the cell in the browser" },
};

export const MAGICS: readonly MagicEntry[] = [
  ...Object.entries(LINE_MAGICS).map(([name, entry]) => ({ sign: `%${name}`, ...entry })),
  ...Object.entries(CELL_MAGICS).map(([name, entry]) => ({ sign: `%%${name}`, ...entry })),
];

export const isLineMagic = (name: string): name is LineMagicName => Object.hasOwn(LINE_MAGICS, name);
export const isCellMagic = (name: string): name is CellMagicName => Object.hasOwn(CELL_MAGICS, name);

/** What `%help` prints. */
export function magicsHelp(): string {
  const width = Math.max(...MAGICS.map(({ form }) => form.length));
  return MAGICS.map(({ form, does }) => `${form.padEnd(width)}  ${does}\n`).join("");
}

/** The magic whose sign takes the fewest changed letters to become. */
export function closestMagic(sign: string): string {
  const [closest] = MAGICS.map((magic) => ({ sign: magic.sign, distance: editDistance(sign.toLowerCase(), magic.sign) })).sort((a, b) => a.distance - b.distance);
  return closest!.sign;
}
