import { expect, test } from "vitest";
import { inflateSync } from "node:zlib";
import { layersPicture } from "../../kernel/lib/display/layers-picture.js";
import { drawPng } from "../../kernel/lib/display/picture.js";
import { indexedPng } from "../../kernel/lib/display/png.js";
import { runPicture } from "../../kernel/lib/display/run-picture.js";
import { runView } from "../../kernel/lib/display/run-view.js";
import { layersView } from "../../kernel/lib/models/index.js";
import { smallRun } from "./runs.js";

const run = smallRun(5);
await run.train();
const view = { ...runView(run, { trainable: 18, parameters: 42 }), seconds: 1 };

/** Size and palette indices of an indexed PNG. */
function decoded(png: Buffer): { width: number; height: number; rows: Buffer } {
  expect(png.subarray(0, 8).toString("hex")).toBe("89504e470d0a1a0a");
  const data: Buffer[] = [];
  let size = { width: 0, height: 0 };
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const type = png.toString("latin1", at + 4, at + 8);
    const body = png.subarray(at + 8, at + 8 + length);
    if (type === "IHDR") size = { width: body.readUInt32BE(0), height: body.readUInt32BE(4) };
    if (type === "IDAT") data.push(body);
    at += 12 + length;
  }
  return { ...size, rows: inflateSync(Buffer.concat(data)) };
}

test("a run's picture is a PNG of twice its size, drawn on, small, and the same again", () => {
  const picture = runPicture(view);
  const png = drawPng(picture);
  const { width, height, rows } = decoded(png);
  expect([width, height]).toEqual([2 * picture.width, 2 * Math.round(picture.height)]);
  expect(rows.length).toBe(height * (width + 1));
  expect(new Set(rows).size).toBeGreaterThan(20);
  expect(png.length).toBeLessThan(60_000);
  expect(drawPng(runPicture(view)).equals(png)).toBe(true);
});

test("a model's picture is one too", () => {
  const picture = layersPicture(layersView(run.model));
  const png = drawPng(picture);
  expect(decoded(png).width).toBe(1520);
  expect(new Set(decoded(png).rows).size).toBeGreaterThan(10);
  expect(png.length).toBeLessThan(60_000);
  expect(picture.svg).toContain("backpropagation stops here");
});

test("words are drawn by the font that comes along: without them the picture differs", () => {
  const { svg, width, height } = runPicture(view);
  expect(drawPng({ svg: svg.replace(/<text.*?<\/text>/g, ""), width, height }).equals(drawPng(runPicture(view)))).toBe(false);
});

test("names from the notebook are text, never markup", () => {
  const { svg } = runPicture({ ...view, name: `<image href="x"/> & "co"`, marks: [{ step: 9, kind: "thaw", label: "</text><script>" }] });
  expect(svg).not.toMatch(/<image|<script/);
  expect(svg).toContain("&lt;image href=&quot;x&quot;/&gt; &amp;");
});

test("a run of 2,000 points a series stays under 60 KB", () => {
  const steps = Array.from({ length: 2000 }, (_, index) => index + 1);
  const values = steps.map((step) => 2 * Math.exp(-step / 400) + 0.3 + 0.2 * Math.sin(step * 12.9898));
  const many = { ...view, step: 2000, steps: 2000, stepsPerEpoch: 400, series: view.series.map((one) => (one.every === "step" ? { ...one, steps, values } : { ...one, steps: one.steps.map((step) => step * 50) })) };
  expect(drawPng(runPicture(many)).length).toBeLessThan(60_000);
});

test("an image of the wrong length is refused", () => expect(() => indexedPng(new Uint8Array(3), 1, 1)).toThrow("1 x 1 has 4 bytes, not 3"));
