import type { MimeBundle } from "./frontend";

/** Bytes to base64, as Jupyter carries images; everything else as it is. */
export const carried = (content: unknown): unknown =>
  content instanceof Uint8Array ? Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString("base64") : content;

/**
 * A bundle as others write it (a library's display method, `display.raw`) made ready for the wire.
 *
 * @throws TypeError where it is not an object, a key is no MIME type, or a text type holds no text.
 */
export function normalized(bundle: unknown): MimeBundle {
  if (typeof bundle !== "object" || bundle === null || Array.isArray(bundle) || bundle instanceof Uint8Array) {
    throw new TypeError(`a MIME bundle is an object like { "text/plain": "…" }, not ${Array.isArray(bundle) ? "an array" : typeof bundle}`);
  }
  const ready: MimeBundle = {};
  for (const [type, content] of Object.entries(bundle)) {
    if (!/^[\w.+-]+\/[\w.+-]+$/.test(type)) throw new TypeError(`"${type}" is no MIME type; one looks like "text/html" or "image/png"`);
    if (content === undefined || content === null) continue;
    if (isJson(type)) JSON.stringify(content);
    const value = carried(content);
    if (typeof value !== "string" && !isJson(type)) {
      throw new TypeError(`${type} holds ${typeof value}; text as a string, bytes as a Uint8Array`);
    }
    ready[type] = value;
  }
  return ready;
}

const isJson = (type: string): boolean => type === "application/json" || type.endsWith("+json");
