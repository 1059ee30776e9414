// npm run bench -- NAME [options]: runs bench/NAME/run.mjs or bench/NAME.mjs, side by side with the peers.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { at } from "./lib/places.mjs";

const [name = "", ...options] = process.argv.slice(2);
const script = [at("bench", name, "run.mjs"), at("bench", `${name}.mjs`)].find((path) => name !== "" && existsSync(path));
if (script === undefined) {
  const names = readdirSync(at("bench"), { withFileTypes: true }).map((entry) => entry.name.replace(/\.mjs$/, ""));
  console.error(`There is no benchmark “${name}”; there are ${names.join(", ")}.`);
  process.exit(2);
}
process.exit(spawnSync(process.execPath, [script, ...options], { stdio: "inherit", cwd: at(".") }).status ?? 1);
