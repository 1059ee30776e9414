// Where a Jupyter looks for kernels and extensions.
import { spawnSync } from "node:child_process";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** The data directory in the user's home, by Jupyter's own rules. */
export function userData() {
  if (process.env.JUPYTER_DATA_DIR) return process.env.JUPYTER_DATA_DIR;
  if (process.platform === "darwin") return join(homedir(), "Library/Jupyter");
  return join(process.env.XDG_DATA_HOME || join(homedir(), ".local/share"), "jupyter");
}

/** All data directories of the Jupyter on the PATH, first the one that it prefers; without a Jupyter the user's own. */
export function dataFolders() {
  const { status, stdout } = spawnSync("jupyter", ["--paths", "--json"], { encoding: "utf8" });
  try {
    const { data } = /** @type {{ data: string[] }} */ (JSON.parse(stdout));
    if (status === 0 && data.length > 0) return data;
  } catch {
    // An old Jupyter, or none.
  }
  return [userData()];
}

/**
 * The data directory that the options name.
 * @param {readonly string[]} options
 */
export function chosenData(options) {
  const [option, folder, ...rest] = options.flatMap((word) => (word.startsWith("--prefix=") ? ["--prefix", word.slice(9)] : [word]));
  if (option === undefined) return dataFolders()[0] ?? userData();
  if (option === "--user" && folder === undefined) return userData();
  if (option === "--prefix" && folder && rest.length === 0) return join(resolve(folder), "share/jupyter");
  throw new Error(`“${options.join(" ")}” is none of: nothing, --user, --prefix DIR`);
}
