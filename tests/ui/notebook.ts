/** What the UI tests do in JupyterLab, in a person's words. */

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import type { Jupyter } from "./jupyter.js";

export interface Output {
  output_type: "display_data" | "execute_result";
  data: Record<string, unknown>;
  metadata?: Record<string, unknown>;
}

interface SavedCell {
  cell_type: string;
  source: string | string[];
  outputs?: Output[];
}

const cellOf = (source: string, outputs: Output[]): object => ({
  cell_type: "code",
  execution_count: outputs.length > 0 ? 1 : null,
  id: Math.random().toString(36).slice(2, 10),
  metadata: {},
  source,
  outputs: outputs.map((output) => ({ metadata: {}, ...output, ...(output.output_type === "execute_result" && { execution_count: 1 }) })),
});

/** Writes a notebook whose cells hold these sources, and outputs if it is a saved one. */
export async function writeNotebook(jupyter: Jupyter, name: string, cells: (string | [string, Output[]])[], kernel: string | null = "thawbook"): Promise<void> {
  const notebook = {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: kernel === null ? {} : { kernelspec: { name: kernel, display_name: "TypeScript (Thawbook)", language: "typescript" }, language_info: { name: "typescript" } },
    cells: cells.map((cell) => (typeof cell === "string" ? cellOf(cell, []) : cellOf(cell[0], cell[1]))),
  };
  await writeFile(join(jupyter.folder, name), JSON.stringify(notebook));
}

export async function savedCells(jupyter: Jupyter, name: string): Promise<SavedCell[]> {
  return (JSON.parse(await readFile(join(jupyter.folder, name), "utf8")) as { cells: SavedCell[] }).cells;
}

/** Opens a notebook and waits for its cells. */
export async function open(page: Page, jupyter: Jupyter, name: string): Promise<void> {
  await page.goto(jupyter.address(name));
  await page.locator(".jp-Notebook .jp-Cell").first().waitFor({ timeout: 60_000 });
  // The file browser takes a third of the width.
  await command(page, "application:toggle-left-area", { when: "#jp-left-stack:not(.lm-mod-hidden)" });
}

interface App {
  commands: { execute(id: string, args?: object): Promise<void> };
  shell: { currentWidget?: { sessionContext?: { session?: { kernel?: { connectionStatus: string; status: string } } } } };
}

/**
 * Waits for the notebook's kernel to be connected. A cell that is run before is forgotten, and the notebook's
 * own mark says "idle" too early.
 */
export async function kernelReady(page: Page): Promise<void> {
  await page.waitForFunction(
    () => {
      const kernel = (globalThis as unknown as { jupyterapp: App }).jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel;
      return kernel?.connectionStatus === "connected" && kernel.status !== "unknown" && kernel.status !== "starting";
    },
    undefined,
    { timeout: 60_000 },
  );
}

/** Answers JupyterLab's question for a kernel: none. */
export async function withoutKernel(page: Page): Promise<void> {
  const dialog = page.locator(".jp-Dialog");
  await dialog.waitFor();
  await dialog.getByRole("button", { name: "No Kernel" }).click();
  await dialog.waitFor({ state: "detached" });
}

/** Runs one of JupyterLab's commands by its id. */
export async function command(page: Page, id: string, options: { args?: Record<string, string>; when?: string } = {}): Promise<void> {
  if (options.when && (await page.locator(options.when).count()) === 0) return;
  await page.evaluate(([name, args]) => (globalThis as unknown as { jupyterapp: App }).jupyterapp.commands.execute(name as string, args as object), [id, options.args ?? {}] as const);
}

export const cell = (page: Page, index: number): Locator => page.locator(".jp-Notebook .jp-CodeCell").nth(index);

/** Clicks into a cell and runs it; does not wait for its end. */
export async function run(page: Page, index: number): Promise<void> {
  await cell(page, index).locator(".cm-content").click();
  await page.keyboard.press("Control+Enter");
}

/** Waits until a cell has its number: it has run. */
export async function ended(page: Page, index: number, timeout = 60_000): Promise<void> {
  const numbered = page.waitForFunction(
    (at) => /\[\d+\]/.test(document.querySelectorAll(".jp-Notebook .jp-CodeCell")[at]?.querySelector(".jp-InputPrompt")?.textContent ?? ""),
    index,
    { timeout },
  );
  await numbered.catch(async (error: unknown) => {
    await page.screenshot({ path: "test-results/ui-timeout.png" });
    throw error;
  });
}

export const setTheme = (page: Page, theme: "JupyterLab Light" | "JupyterLab Dark"): Promise<void> => command(page, "apputils:change-theme", { args: { theme } });
