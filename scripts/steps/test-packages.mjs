// pytest and what else the tests need, added to .venv.
import { command } from "../lib/command.mjs";
import { at, python, root } from "../lib/places.mjs";
import { hashOfFiles } from "../lib/stamp.mjs";
import { pipProgress } from "./jupyterlab.mjs";

const requirements = at("tests/requirements.txt");

/** @type {import("../lib/steps.mjs").Step} */
export const testPackages = {
  id: "test-packages",
  name: "pytest",
  after: ["jupyterlab"],
  inputs: () => [root, hashOfFiles([requirements])],
  outputs: () => [at(".venv/bin/pytest")],
  run: async ({ progress }) =>
    void (await command("test-packages", python, ["-m", "pip", "install", "-r", requirements], { onLine: pipProgress(progress) })),
};
