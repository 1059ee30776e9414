/** The language room's door: TypeScript cells, checked, completed, explained, and made into scripts. */

export * from "./cell.js";
export * from "./script-abi.js";
export { createLanguage, type LanguageOptions } from "./language.js";
export { catches } from "./script/catches.js";
export { withoutTypes } from "./script/without-types.js";
export { originalPosition, scriptPosition } from "./positions.js";
