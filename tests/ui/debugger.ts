/** JupyterLab's debugger panel, in a person's words. */

import type { Locator, Page } from "playwright-core";
import { cell } from "./notebook.js";

const SIDEBAR = ".jp-DebuggerSidebar";

/** Presses the bug in the notebook's toolbar. */
export async function turnOn(page: Page): Promise<void> {
  await page.locator('.jp-NotebookPanel-toolbar [data-jp-item-name="debugger-icon"] jp-button:not([aria-disabled="true"])').click();
  await page.locator(`${SIDEBAR}:visible`).waitFor();
  await page.locator('.jp-NotebookPanel-toolbar [data-jp-item-name="debugger-icon"] jp-button[aria-pressed="true"]').waitFor();
}

/** Clicks beside a line (from 1) of a cell, or of a source that is shown beside the notebook. */
export async function setBreakpoint(editor: Locator, line: number): Promise<void> {
  // JupyterLab puts the gutter there once the debugger knows the editor; its first element is a spacer.
  await editor.locator(".cm-breakpoint-gutter .cm-gutterElement").nth(line).click();
  await editor.locator(".cm-breakpoint-gutter .cm-gutterElement").nth(line).locator(".cm-breakpoint-icon").waitFor();
}

export const editorOf = (page: Page, index: number): Locator => cell(page, index).locator(".jp-InputArea-editor");

/** Waits until the program stands at the line with this text. */
export async function stopsAt(page: Page, text: string): Promise<void> {
  await page.locator(".jp-DebuggerEditor-highlight", { hasText: text }).filter({ visible: true }).first().waitFor({ timeout: 20_000 });
}

/** Presses a button of the call stack's toolbar. */
export const press = (page: Page, button: "Continue" | "Terminate" | "Next" | "Step In" | "Step Out" | "Evaluate Code"): Promise<void> =>
  page.locator(`${SIDEBAR} jp-button[title^="${button}"]`).click();

/** The call stack, innermost first: `norm Cell [1]:3`. */
export const frames = (page: Page): Promise<string[]> =>
  page.locator(".jp-DebuggerCallstackFrame").evaluateAll((rows) => rows.map((row) => [...row.children].map((part) => part.textContent).join(" ")));

/** Chooses which scope's variables are shown. */
export const showScope = async (page: Page, name: string): Promise<void> => {
  await page.locator(`${SIDEBAR} select[aria-label="Scope"]`).selectOption(name);
};

export const variable = (page: Page, name: string): Locator =>
  page.locator(".jp-DebuggerVariables-body jp-tree-item").filter({ has: page.locator(`xpath=./span[contains(@class, "jp-DebuggerVariables-name") and normalize-space() = "${name}"]`) });

/** What is shown beside a variable's name, once it is shown. */
export const valueOf = async (page: Page, name: string): Promise<string> =>
  (await variable(page, name).first().locator(".jp-DebuggerVariables-detail").first().textContent({ timeout: 10_000 })) ?? "";
