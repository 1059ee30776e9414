import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";

/** https://jupyter-client.readthedocs.io/en/stable/messaging.html */
export const PROTOCOL = "5.5";

export interface Header {
  msg_id: string;
  msg_type: string;
  session: string;
  username: string;
  version: string;
  date: string;
  /** JEP 91: the subshell that a shell message is for. */
  subshell_id?: string | null;
}

/** A message that has come in and is signed as it should be. */
export interface Message {
  /** Frames that lead back to the sender, for a ROUTER socket. */
  identities: Uint8Array[];
  header: Header;
  /** The header as it came: a reply's parent is these bytes. */
  headerBytes: Uint8Array;
  metadata: Record<string, unknown>;
  content: Record<string, unknown>;
  buffers: Uint8Array[];
}

/** Why a message is dropped, for the log. */
export type Decoded = { ok: true; message: Message } | { ok: false; reason: string };

const DELIMITER = Buffer.from("<IDS|MSG>");
const EMPTY = Buffer.from("{}");

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

/** Content: an object, or JSON that is ready. */
export type Body = Record<string, unknown> | string | Uint8Array;

export interface Extras {
  /** The bytes of the header that this answers. */
  parent?: Uint8Array | undefined;
  metadata?: Body;
  buffers?: readonly Uint8Array[];
}

/** Turns messages into signed frames and back. One a kernel: it owns the session's name and numbers. */
export class Codec {
  readonly session = randomUUID();
  readonly #key: string;
  readonly #digest: string;
  #count = 0;

  /** @param digest a digest of node:crypto, `sha256` */
  constructor(key: string, digest: string) {
    this.#key = key;
    this.#digest = digest;
  }

  encode(identities: readonly Uint8Array[], type: string, content: Body, { parent, metadata, buffers = [] }: Extras = {}): Uint8Array[] {
    const header: Header = {
      msg_id: `${this.session}_${++this.#count}`, msg_type: type, session: this.session, username: "kernel",
      version: PROTOCOL, date: new Date().toISOString(),
    };
    const parts = [bytes(header as unknown as Record<string, unknown>), parent ?? EMPTY, metadata === undefined ? EMPTY : bytes(metadata), bytes(content)];
    return [...identities, DELIMITER, this.#sign(parts), ...parts, ...buffers];
  }

  /** Never throws: whatever a peer sends is either a message or a reason to drop it. */
  decode(frames: readonly Uint8Array[]): Decoded {
    const start = frames.findIndex((frame) => DELIMITER.equals(frame));
    if (start < 0) return { ok: false, reason: "no delimiter" };
    const [signature, ...parts] = frames.slice(start + 1, start + 6);
    if (signature === undefined || parts.length < 4) return { ok: false, reason: "too few frames" };
    const expected = this.#sign(parts);
    // a comparison that ends early would tell a forger how much is right
    if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) return { ok: false, reason: "wrong signature" };
    let parsed: unknown[];
    try {
      parsed = [parts[0]!, parts[2]!, parts[3]!].map((part) => JSON.parse(text(part)) as unknown);
    } catch {
      return { ok: false, reason: "not JSON" };
    }
    const [header, metadata, content] = parsed;
    if (!isRecord(header) || typeof header["msg_id"] !== "string" || typeof header["msg_type"] !== "string") return { ok: false, reason: "no header" };
    return {
      ok: true,
      message: {
        identities: frames.slice(0, start), header: header as unknown as Header, headerBytes: parts[0]!,
        metadata: isRecord(metadata) ? metadata : {}, content: isRecord(content) ? content : {}, buffers: frames.slice(start + 6),
      },
    };
  }

  #sign(parts: readonly Uint8Array[]): Buffer {
    if (this.#key === "") return Buffer.alloc(0);
    const hmac = createHmac(this.#digest, this.#key);
    for (const part of parts) hmac.update(part);
    return Buffer.from(hmac.digest("hex"), "latin1");
  }
}

const text = (frame: Uint8Array): string => Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).toString("utf8");

const bytes = (body: Body): Uint8Array =>
  body instanceof Uint8Array ? body : Buffer.from(typeof body === "string" ? body : JSON.stringify(body), "utf8");
