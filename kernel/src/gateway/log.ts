import { writeSync } from "node:fs";

let descriptor: number | undefined;

export function logTo(fd: number | undefined): void {
  descriptor = fd;
}

/** Says a fault of the kernel itself where whoever started it can read it; never in a cell. */
export function log(what: string): void {
  if (descriptor === undefined) return;
  try {
    writeSync(descriptor, `thawbook: ${what}\n`);
  } catch {
    // nobody listens any more
  }
}
