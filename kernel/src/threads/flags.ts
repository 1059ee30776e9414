/**
 * Words of memory that both threads see at once, whatever main does. A message waits until its receiver's
 * event loop turns; these do not.
 */

export const Flag = {
  /** Bytes of output ever written by main, modulo 2^32. */
  written: 0,
  /** Bytes of output ever taken by the gateway, modulo 2^32. Main waits on it while the ring is full. */
  taken: 1,
  /** 1: the gateway has seen an empty ring and wants a message when there is output again. */
  wantsPoke: 2,
  /** 1: main has asked for a full ring to be emptied, and the gateway has not come to it yet. */
  urgent: 3,
  /** Counts interrupts, written by the gateway. */
  interrupts: 4,
  /** The last interrupt that main has seen. Where it lags, main is stuck in a call. */
  interruptsSeen: 5,
  /** Milliseconds ({@link clock}) when a training step last looked for interrupts; 0: none ever did. */
  steppedAt: 6,
  /** Counts answers to `input_request`, written by the gateway. Main waits on it in `prompt`. */
  answers: 7,
  /** Counts how often main has begun or gone on with a task's code. Where it stands still, {@link runs} has not returned. */
  turns: 8,
  /** The task whose code runs on main now; 0: none that is known. */
  runs: 9,
} as const;

const COUNT = 10;

export type Flags = Int32Array<SharedArrayBuffer>;

export const createFlags = (): Flags => new Int32Array(new SharedArrayBuffer(COUNT * 4));

/** Milliseconds that fit a word and mean the same in both threads. Never 0. */
export const clock = (): number => (Date.now() & 0x3fffffff) || 1;
