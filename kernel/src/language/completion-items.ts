/** What the server answers when it is asked for completions. */
import type { ImportedItem } from "./auto-imports.js";
import type { LspPosition } from "./server/server.js";

export interface LspItem extends ImportedItem {
  kind?: number;
  detail?: string;
  sortText?: string;
  filterText?: string;
  insertText?: string;
  textEdit?: { newText: string; range?: LspRange; replace?: LspRange };
}

interface LspRange {
  start: LspPosition;
  end: LspPosition;
}

export interface LspList {
  items: LspItem[];
  itemDefaults?: { editRange?: LspRange | { insert: LspRange; replace: LspRange } };
}
