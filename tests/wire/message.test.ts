import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Codec, PROTOCOL, address, parseConnection } from "../../kernel/lib/wire/index.js";

const KEY = "a-key";
const codec = () => new Codec(KEY, "sha256");
const sign = (parts: Uint8Array[], key = KEY): Buffer => {
  const hmac = createHmac("sha256", key);
  for (const part of parts) hmac.update(part);
  return Buffer.from(hmac.digest("hex"));
};
const DELIMITER = Buffer.from("<IDS|MSG>");
const HEADER = Buffer.from(JSON.stringify({ msg_id: "m1", msg_type: "execute_request", session: "s", username: "u", version: "5.3", date: "" }));
const EMPTY = Buffer.from("{}");
const request = (content: string, key = KEY, buffers: Uint8Array[] = []): Uint8Array[] => {
  const parts = [HEADER, EMPTY, EMPTY, Buffer.from(content)];
  return [Buffer.from("sender"), DELIMITER, sign(parts, key), ...parts, ...buffers];
};

describe("a message that comes in", () => {
  it("is read with its identities, content and buffers", () => {
    const decoded = codec().decode(request('{"code":"é"}', KEY, [Buffer.from([1, 2])]));
    expect(decoded).toMatchObject({ ok: true, message: { header: { msg_id: "m1" }, content: { code: "é" } } });
    if (!decoded.ok) throw new Error(decoded.reason);
    expect(decoded.message.identities.map(String)).toEqual(["sender"]);
    expect(decoded.message.buffers.map((buffer) => [...buffer])).toEqual([[1, 2]]);
    expect(decoded.message.headerBytes).toEqual(HEADER);
  });

  it.each([
    ["no delimiter", [Buffer.from("x")]],
    ["no delimiter", []],
    ["too few frames", [DELIMITER]],
    ["too few frames", [DELIMITER, Buffer.alloc(0), EMPTY]],
    ["wrong signature", request("{}", "another key")],
    ["wrong signature", [DELIMITER, Buffer.alloc(0), HEADER, EMPTY, EMPTY, EMPTY]],
    ["not JSON", request("{")],
  ])("is dropped: %s", (reason, frames) => {
    expect(codec().decode(frames)).toEqual({ ok: false, reason });
  });

  it("is dropped where a single bit was changed", () => {
    const frames = request('{"code":"1"}');
    frames[6] = Buffer.from('{"code":"2"}');
    expect(codec().decode(frames)).toEqual({ ok: false, reason: "wrong signature" });
  });

  it("needs a header with id and type", () => {
    const parts = [Buffer.from("[]"), EMPTY, EMPTY, EMPTY];
    expect(codec().decode([DELIMITER, sign(parts), ...parts])).toEqual({ ok: false, reason: "no header" });
  });

  it("takes content of another shape as empty", () => {
    expect(codec().decode(request("[1]"))).toMatchObject({ ok: true, message: { content: {} } });
  });
});

describe("a message that goes out", () => {
  it("is signed, answers its parent byte for byte, and reads back", () => {
    const made = codec().encode([Buffer.from("to")], "status", { execution_state: "idle" }, { parent: HEADER, buffers: [Buffer.from("b")] });
    expect(made[4]).toEqual(HEADER);
    const decoded = codec().decode(made);
    expect(decoded).toMatchObject({ ok: true, message: { header: { msg_type: "status", version: PROTOCOL }, content: { execution_state: "idle" } } });
  });

  it("has an id of its own", () => {
    const one = codec();
    const ids = Array.from({ length: 50 }, () => (JSON.parse(String(one.encode([], "status", {})[2])) as { msg_id: string }).msg_id);
    expect(new Set(ids).size).toBe(50);
  });

  it("takes JSON that is ready, as text and as bytes", () => {
    for (const body of ['{"a":1}', Buffer.from('{"a":1}')]) expect(String(codec().encode([], "x", body)[5])).toBe('{"a":1}');
  });

  it("is unsigned where the connection has no key", () => {
    const open = new Codec("", "sha256");
    expect(open.encode([], "x", {})[1]).toHaveLength(0);
    expect(open.decode([DELIMITER, Buffer.alloc(0), HEADER, EMPTY, EMPTY, EMPTY]).ok).toBe(true);
  });
});

describe("a connection file", () => {
  const good = { transport: "tcp", ip: "127.0.0.1", shell_port: 1, iopub_port: 2, stdin_port: 3, control_port: 4, hb_port: 5, key: "k", signature_scheme: "hmac-sha256" };

  it("gives addresses", () => {
    const connection = parseConnection(JSON.stringify(good), "f.json");
    expect(address(connection, "heartbeat")).toBe("tcp://127.0.0.1:5");
    expect(address({ ...connection, transport: "ipc", ip: "/tmp/k" }, "shell")).toBe("ipc:///tmp/k-1");
    expect(connection.digest).toBe("sha256");
  });

  it.each([
    [{ ...good, shell_port: "1" }, /f\.json has shell_port "1", not a port/],
    [{ ...good, transport: "udp" }, /transport "udp"/],
    [{ ...good, signature_scheme: "none" }, /signature_scheme "none"/],
    [{ ...good, key: 5 }, /key that is not text/],
  ])("names what is wrong in it", (file, message) => {
    expect(() => parseConnection(JSON.stringify(file), "f.json")).toThrow(message);
  });

  it("must be JSON", () => {
    expect(() => parseConnection("{", "f.json")).toThrow("the connection file f.json is not JSON");
  });
});
