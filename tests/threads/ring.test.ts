import { describe, expect, it } from "vitest";
import { RING_BYTES, RingReader, RingWriter, createFlags } from "../../kernel/lib/threads/index.js";

function ring() {
  const memory = new SharedArrayBuffer(RING_BYTES);
  const flags = createFlags();
  let pokes = 0;
  const writer = new RingWriter(memory, flags, () => (pokes += 1));
  const reader = new RingReader(memory, flags);
  const take = (): { stream: string; task: number; text: string }[] => {
    const taken: { stream: string; task: number; text: string }[] = [];
    const limit = reader.written;
    while (reader.before(limit)) {
      reader.take(({ stream, task, pieces }) => taken.push({ stream, task, text: JSON.parse(`"${Buffer.concat(pieces).toString()}"`) as string }));
    }
    return taken;
  };
  return { writer, reader, take, pokes: () => pokes };
}

describe("the ring of output", () => {
  it("hands over text, its stream and its task, in order", () => {
    const { writer, take } = ring();
    writer.write("stdout", 7, 'é"\\\n\u0000😀');
    writer.write("stderr", 8, "x");
    expect(take()).toEqual([{ stream: "stdout", task: 7, text: 'é"\\\n\u0000😀' }, { stream: "stderr", task: 8, text: "x" }]);
  });

  it("wraps many times without changing a byte", () => {
    const { writer, take } = ring();
    for (let i = 0; i < 800; i += 1) {
      const text = `${i} ${"é\n".repeat((i * 37) % 5_000)}`;
      writer.write("stdout", i, text);
      expect(take()).toEqual([{ stream: "stdout", task: i, text }]);
    }
  });

  it("splits long text between characters", () => {
    const { writer, take } = ring();
    const text = `a${"😀".repeat(20_000)}`;
    writer.write("stdout", 1, text);
    const parts = take().map((record) => record.text);
    expect(parts.length).toBeGreaterThan(1);
    expect(parts.join("")).toBe(text);
    for (const part of parts) expect(part).not.toMatch(/[\ud800-\udbff]$/);
  });

  it("makes half a surrogate pair the replacement character", () => {
    const { writer, take } = ring();
    writer.write("stdout", 1, "a\ud83d");
    expect(take()[0]?.text).toBe("a\ufffd");
  });

  it("asks once for attention when the reader rests, and again when it is half full", () => {
    const { writer, reader, take, pokes } = ring();
    expect(reader.rest()).toBe(true);
    for (let i = 0; i < 10; i += 1) writer.write("stdout", 1, "x");
    expect(pokes()).toBe(1);
    for (let i = 0; i < 60; i += 1) writer.write("stdout", 1, "x".repeat(10_000));
    expect(pokes()).toBe(2);
    take();
    expect(reader.rest()).toBe(true);
  });

  it("says how much was lost where nobody takes it", () => {
    const memory = new SharedArrayBuffer(RING_BYTES);
    const flags = createFlags();
    const writer = new RingWriter(memory, flags, () => undefined, 20);
    const reader = new RingReader(memory, flags);
    const line = "x".repeat(10_000);
    let given = 0;
    for (; given <= RING_BYTES; given += line.length) writer.write("stdout", 1, line);
    const seen: { stream: string; text: string }[] = [];
    const take = (): void => {
      while (reader.before(reader.written)) reader.take(({ stream, pieces }) => seen.push({ stream, text: JSON.parse(`"${Buffer.concat(pieces).toString()}"`) as string }));
    };
    take();
    const taken = seen.splice(0).reduce((sum, { text }) => sum + text.length, 0);
    writer.write("stdout", 1, "again");
    writer.write("stdout", 1, "!");
    take();
    expect(seen).toEqual([
      { stream: "stderr", text: `[${given - taken} bytes of output are lost: the kernel did not take them for 0.02 s.]\n` },
      { stream: "stdout", text: "again" }, { stream: "stdout", text: "!" },
    ]);
  });

  it("does not rest where output came meanwhile", () => {
    const { writer, reader } = ring();
    writer.write("stdout", 1, "x");
    expect(reader.rest()).toBe(false);
  });

});
