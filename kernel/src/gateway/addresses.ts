import { debugRoom } from "./later";

/** The address of a cell's script: JupyterLab computes the same path for its breakpoints. */
export const scriptAddress = (code: string): string => debugRoom().cellPath(code);
