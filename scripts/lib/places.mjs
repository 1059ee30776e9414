// Where things lie in a checkout. Everything that set-up makes is inside it; `.cache` and `.venv` can be deleted at any time.
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(fileURLToPath(new URL("../..", import.meta.url)));

/** @param {...string} parts a path inside the checkout */
export const at = (...parts) => resolve(root, ...parts);

/** @param {...string} parts a path inside the cache */
export const cached = (...parts) => at(".cache", ...parts);

export const venv = at(".venv");
export const python = at(".venv/bin/python");
export const addonPackage = at("node_modules/@tensorflow/tfjs-node");

/**
 * Jupyter's own variables, so that a Jupyter started here neither reads nor writes the settings in the user's home.
 * The kernelspec and the extension are found under `.venv/share/jupyter` all the same.
 */
export const jupyterEnvironment = {
  JUPYTER_CONFIG_DIR: cached("jupyter/config"),
  JUPYTER_DATA_DIR: cached("jupyter/data"),
  JUPYTER_RUNTIME_DIR: cached("jupyter/runtime"),
  JUPYTERLAB_SETTINGS_DIR: cached("jupyter/settings"),
  JUPYTERLAB_WORKSPACES_DIR: cached("jupyter/workspaces"),
  JUPYTER_PATH: undefined,
  JUPYTER_PREFER_ENV_PATH: "1",
  IPYTHONDIR: cached("jupyter/ipython"),
};
