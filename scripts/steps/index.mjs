// The steps, in their order.
import { browser } from "./browser.mjs";
import { compile } from "./compile.mjs";
import { graphAddon } from "./graph-addon.mjs";
import { jupyterLab } from "./jupyterlab.mjs";
import { jupyterParts } from "./jupyter-parts.mjs";
import { npmPackages } from "./npm-packages.mjs";
import { tensorFlow } from "./tensorflow.mjs";
import { testPackages } from "./test-packages.mjs";
import { tfjsAddon } from "./tfjs-addon.mjs";

const compiled = [npmPackages, jupyterLab, tensorFlow, tfjsAddon, graphAddon, compile];

/** What a notebook needs. */
export const forNotebooks = [...compiled, jupyterParts];

/** What all tests need. */
export const forTests = [...forNotebooks, testPackages, browser];

/** What the quick checks need: compiler, linter, unit tests. */
export const forQuickTests = compiled;
