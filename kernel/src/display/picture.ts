/** SVG to PNG without a browser: resvg, and a font that comes with the package since a bare machine has none. */

import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { indexedPng } from "./png";

/** A drawing in CSS pixels; its PNG has twice as many. */
export interface Picture {
  svg: string;
  width: number;
  height: number;
}

const require_ = createRequire(__filename);

function fontFiles(): string[] {
  const folder = join(dirname(require_.resolve("dejavu-fonts-ttf/package.json")), "ttf");
  return [join(folder, "DejaVuSans.ttf"), join(folder, "DejaVuSans-Bold.ttf")];
}

/** PNG bytes at twice the picture's CSS size, so that text is sharp on every screen. */
export function drawPng(picture: Picture): Buffer {
  // Loaded at the first picture: a session that draws nothing need not load it.
  const { Resvg } = require_("@resvg/resvg-js") as typeof import("@resvg/resvg-js");
  const drawn = new Resvg(picture.svg, {
    fitTo: { mode: "zoom", value: 2 },
    font: { fontFiles: fontFiles(), loadSystemFonts: false, defaultFontFamily: "DejaVu Sans" },
  }).render();
  return indexedPng(drawn.pixels, drawn.width, drawn.height);
}
