export { completeMagic, inspectMagic, isTypeScript } from "./complete.js";
export { magicsHelp, type CellMagicName, type LineMagicName } from "./catalogue.js";
export { parseNotebookCell } from "./parse.js";
export { holdsTypeScript, readMagics, type CellMagics, type LineMagic } from "./read.js";
