// Draws the kernel's logos for Jupyter from the SVG: node kernel/assets/render.mjs
import { readFileSync, writeFileSync } from "node:fs";
import { Resvg } from "@resvg/resvg-js";

const svg = readFileSync(new URL("logo-svg.svg", import.meta.url), "utf8");
for (const size of [32, 64]) {
  const picture = new Resvg(svg, { fitTo: { mode: "width", value: size } }).render();
  writeFileSync(new URL(`logo-${size}x${size}.png`, import.meta.url), picture.asPng());
}
