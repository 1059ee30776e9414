import { writeSync } from "node:fs";

let descriptor: number | undefined;

export function logTo(fd: number | undefined): void {
  descriptor = fd;
}

/** For a sender: says that the messages of a channel get lost. */
export const dropped = (channel: string) => (error: Error): void => log(`a message on ${channel} could not be sent, nor perhaps later ones: ${error.message}`);

/** Says a fault of the kernel itself where whoever started it can read it; never in a cell. */
export function log(what: string): void {
  if (descriptor === undefined) return;
  try {
    writeSync(descriptor, `thawbook: ${what}\n`);
  } catch {
    // nobody listens any more
  }
}
