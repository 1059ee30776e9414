import { randomUUID } from "node:crypto";
import { carried, normalized } from "./bundle";
import type { Frontend, Shown } from "./frontend";
import { plainText } from "./plain";
import { isRun } from "./run-bundle";
import { bundleOf } from "./show";
import type { LiveRuns } from "./live";

/** One output that can be replaced later. */
export interface DisplayHandle<Value> {
  readonly id: string;
  /** Replaces what this output shows. */
  update(value: Value): void;
}

/** Size in CSS pixels at which an image is shown; its own size unless given. */
export interface ImageSize {
  width?: number;
  height?: number;
}

/**
 * Shows values in the running cell, each in an output of its own.
 *
 * @example
 * display(frame);
 * const note = display.markdown("**training** …");
 * note.update("**done**");
 */
export interface Display {
  /** Shows any value as the last line of a cell would. */
  (value: unknown): DisplayHandle<unknown>;
  text(text: string): DisplayHandle<string>;
  html(html: string): DisplayHandle<string>;
  markdown(markdown: string): DisplayHandle<string>;
  latex(latex: string): DisplayHandle<string>;
  /** Runs in the page, where the notebook is trusted. */
  javascript(code: string): DisplayHandle<string>;
  svg(svg: string): DisplayHandle<string>;
  json(value: unknown): DisplayHandle<unknown>;
  /** Encoded bytes, or base64. */
  png(image: Uint8Array | string, size?: ImageSize): DisplayHandle<Uint8Array | string>;
  jpeg(image: Uint8Array | string, size?: ImageSize): DisplayHandle<Uint8Array | string>;
  gif(image: Uint8Array | string, size?: ImageSize): DisplayHandle<Uint8Array | string>;
  pdf(document: Uint8Array | string): DisplayHandle<Uint8Array | string>;
  /** One MIME type, or a bundle of several of which the front end chooses. */
  raw(contentType: string, content: unknown): DisplayHandle<unknown>;
  raw(bundle: Record<string, unknown>, metadata?: Record<string, unknown>): DisplayHandle<Record<string, unknown>>;
  /** Removes the cell's outputs; with `wait` only once the next one comes, without a flicker. */
  clear(wait?: boolean): void;
}

interface Connection {
  frontend: Frontend;
  live: LiveRuns;
}

let connection: Connection | undefined;
/** Every handle given out: what it shows stands in the cell, so the handle itself need not. */
const handles = new WeakSet<object>();
/** Displays whose value makes them wait; a cell ends after them. */
let waiting: Promise<void> = Promise.resolve();
let anyWaiting = false;

export function useConnection(made: Connection): void {
  connection = made;
}

/**
 * Sends all that waits: displays whose value makes them wait, and charts that are due to be brought up to
 * date. The runtime awaits it as a cell ends, since front ends drop updates that come later.
 */
export function settle(): Promise<void> {
  connection?.live.flush();
  return waiting;
}

function send(shown: Shown, displayId: string, update: boolean): void {
  if (connection) connection.frontend.display(shown, { displayId, update });
  // In a plain script the text is what there is to see.
  else console.log(shown.data["text/plain"] ?? `[${Object.keys(shown.data).join(", ")}]`);
}

/** Keeps the order of displays: one that must wait holds back those that follow. */
function inOrder(shown: Shown | undefined | Promise<Shown>, displayId: string, update: boolean): void {
  if (!(shown instanceof Promise) && !anyWaiting) {
    if (shown) send(shown, displayId, update);
    return;
  }
  anyWaiting = true;
  const mine = waiting.then(() => shown).then((ready) => ready && send(ready, displayId, update));
  waiting = mine.then(
    () => undefined,
    () => undefined,
  );
  const all = waiting;
  void all.then(() => {
    if (all === waiting) anyWaiting = false;
  });
}

function handle<Value>(make: (value: Value) => Shown | undefined | Promise<Shown>, value: Value): DisplayHandle<Value> {
  const id = randomUUID();
  inOrder(make(value), id, false);
  const made: DisplayHandle<Value> = { id, update: (next) => inOrder(make(next), id, true) };
  handles.add(made);
  return made;
}

const bundled = (type: string, content: unknown, fallback: string, metadata?: Record<string, unknown>): Shown => ({
  data: type === "text/plain" ? { "text/plain": content } : { [type]: carried(content), "text/plain": fallback },
  ...(metadata && { metadata }),
});

const text =
  (type: string) =>
  (content: string): DisplayHandle<string> =>
    handle((value: string) => bundled(type, value, value), content);

const bytes =
  (type: string) =>
  (content: Uint8Array | string, size: ImageSize = {}): DisplayHandle<Uint8Array | string> =>
    handle((value: Uint8Array | string) => bundled(type, value, `[${type}]`, Object.keys(size).length > 0 ? { [type]: size } : undefined), content);

/**
 * Whether a cell shows a value already: a run whose live chart stands in it, or what `display` returned,
 * with which a cell often ends.
 */
export function stands(value: unknown): boolean {
  try {
    if (typeof value === "object" && value !== null && handles.has(value)) return true;
    return isRun(value) && connection !== undefined && connection.live.placed(value);
  } catch {
    // A proxy that throws when it is looked at; it is told as text.
    return false;
  }
}

function value(shown: unknown): Shown | undefined | Promise<Shown> {
  if (stands(shown)) return undefined;
  return shown === undefined ? { data: { "text/plain": "undefined" } } : bundleOf(shown);
}

function raw(content: string | Record<string, unknown>, more?: unknown): DisplayHandle<never> {
  if (typeof content === "string") return handle((next: unknown) => ({ data: normalized({ [content]: next }) }), more) as DisplayHandle<never>;
  const metadata = more as Record<string, unknown> | undefined;
  return handle((next: Record<string, unknown>) => ({ data: normalized(next), ...(metadata && { metadata }) }), content) as DisplayHandle<never>;
}

export const display: Display = Object.assign((shown: unknown) => handle(value, shown), {
  text: text("text/plain"),
  html: text("text/html"),
  markdown: text("text/markdown"),
  latex: text("text/latex"),
  javascript: text("text/javascript"),
  svg: text("image/svg+xml"),
  json: (content: unknown) => handle((next: unknown) => bundled("application/json", next, plainText(next)), content),
  png: bytes("image/png"),
  jpeg: bytes("image/jpeg"),
  gif: bytes("image/gif"),
  pdf: bytes("application/pdf"),
  raw: raw as Display["raw"],
  clear: (wait = false) => connection?.frontend.clear(wait),
});
