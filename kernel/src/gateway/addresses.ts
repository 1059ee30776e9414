import { cellPath } from "../debug";

/** The address of a cell's script: JupyterLab computes the same path for its breakpoints. */
export const scriptAddress = (code: string): string => cellPath(code);
