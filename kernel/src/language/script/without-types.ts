import { blankTypes } from "./blank-types.js";
import { Edits } from "./edits.js";
import { parseCell } from "./parse.js";

/**
 * What is typed while the program stands: JavaScript of the same meaning. As it was where it cannot be had by taking types
 * away alone (an enum, a syntax error): the evaluation tells.
 *
 * @example withoutTypes("(label as string).length") // "(label          ).length"
 */
export function withoutTypes(code: string): string {
  const { program, errors, text } = parseCell(code);
  if (errors.length) return code;
  const edits = new Edits(text);
  const { needsTransform } = blankTypes(program, edits);
  return needsTransform ? code : edits.apply().text;
}
