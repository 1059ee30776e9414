// The steps, in their order.
import { addon } from "./addon.mjs";
import { browser } from "./browser.mjs";
import { compile } from "./compile.mjs";
import { jupyterLab } from "./jupyterlab.mjs";
import { jupyterParts } from "./jupyter-parts.mjs";
import { npmPackages } from "./npm-packages.mjs";
import { tensorFlow } from "./tensorflow.mjs";
import { testPackages } from "./test-packages.mjs";

/** What a notebook needs. */
export const forNotebooks = [npmPackages, jupyterLab, tensorFlow, addon, compile, jupyterParts];

/** What all tests need. */
export const forTests = [...forNotebooks, testPackages, browser];

/** What the quick checks need: compiler, linter, unit tests. */
export const forQuickTests = [npmPackages, jupyterLab, tensorFlow, addon, compile];
