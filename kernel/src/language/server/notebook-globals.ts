/** What the kernel puts on `globalThis` beside the library, declared for the checker. The runtime's `globals.ts` defines them. */
export const NOTEBOOK_GLOBALS = `
/** One open channel to code in the front end. */
interface NotebookComm {
  readonly id: string;
  send(data: unknown, buffers?: Uint8Array[]): void;
  close(data?: unknown): void;
  onMessage(listener: (data: any, buffers: readonly Uint8Array[]) => void): void;
  onClose(listener: (data: any) => void): void;
}

/** Channels between the notebook and code in the front end. Messages act between awaits and between training steps. */
declare const comms: {
  /** Calls \`opened\` for each comm that a front end opens for the target. */
  register(target: string, opened: (comm: NotebookComm, data: any) => void): void;
  /** Opens a comm to the front end's code registered for \`target\`. */
  open(target: string, data?: unknown): NotebookComm;
};

/** Asks a question in the front end and waits for the answer; \`initial\` where it is empty. */
declare function prompt(message?: string, initial?: string): string;
/** Asks without showing what is typed. */
declare function password(message?: string): string;
/** Asks for yes or no; anything but y or yes is no. */
declare function confirm(message?: string): boolean;
/** Prints a message. */
declare function alert(message?: unknown): void;
/** Aborted when this cell is interrupted: \`fetch(address, { signal: interrupted })\`. */
declare const interrupted: AbortSignal;
`;
