/** The way to the front end that the runtime gives to the display room; absent in a plain script. */

export type MimeBundle = Record<string, unknown>;

/** A value made ready to be shown; `data` always holds `text/plain`. */
export interface Shown {
  data: MimeBundle;
  metadata?: Record<string, unknown>;
}

/** One open comm, seen from the kernel. */
export interface Comm {
  readonly id: string;
  send(data: unknown): void;
  close(data?: unknown): void;
  onMessage(listener: (data: unknown) => void): void;
  onClose(listener: (data: unknown) => void): void;
}

export interface Frontend {
  /** `display_data`, or `update_display_data` where `update` is set. Attributed to the cell that is running. */
  display(shown: Shown, options?: { displayId?: string; update?: boolean }): void;
  clear(wait: boolean): void;
  stream(name: "stdout" | "stderr", text: string): void;
  /** Called for each comm that a front end opens for the target. */
  registerCommTarget(target: string, opened: (comm: Comm, data: unknown) => void): void;
  openComm(target: string, data?: unknown): Comm;
  /**
   * Names the running execution (the msg_id of its request will do); undefined between cells. Lets display
   * tell whether a run's chart stands in this cell already.
   */
  currentCell?(): string | undefined;
}
