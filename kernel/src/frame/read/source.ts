import { createWriteStream, existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { currentSignal } from "../progress";

/**
 * Calls `read` with what DuckDB can open: the path as it is, or, for an `http(s)` address, the path of a
 * copy that is fetched first and removed afterwards.
 *
 * @throws where no file has that name, or the address does not answer with one
 */
export async function withSource<T>(verb: string, path: string, read: (path: string) => Promise<T>): Promise<T> {
  if (typeof path !== "string" || path === "") throw new TypeError(`${verb} wants the path of a file, a glob or an http address; it got ${JSON.stringify(path)}`);
  if (!/^https?:\/\//i.test(path)) {
    if (!/[*?[{]/.test(path) && !existsSync(path)) throw new Error(`${verb}: there is no file ${JSON.stringify(path)} (in ${process.cwd()})`);
    return read(path);
  }
  const folder = await mkdtemp(join(tmpdir(), "thawbook-fetched-"));
  try {
    const response = await fetch(path, { signal: currentSignal() ?? null });
    if (!response.ok || !response.body) throw new Error(`${verb}: ${path} answers ${response.status} ${response.statusText}`);
    const copy = join(folder, basename(new URL(path).pathname) || "data");
    await pipeline(Readable.fromWeb(response.body as never), createWriteStream(copy));
    return await read(copy);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
