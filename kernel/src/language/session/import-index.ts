/** The server's knowledge of what could be imported: it reads through the packages at the first question, which takes it a second or two. */

import type { TypeScriptServer } from "../server/server.js";

/** Apart from the editor's document: questions go on while the packages are being read. */
const DOCUMENT = "thawbook-imports.ts";
/** A letter that any name may begin with; the server looks at all of them. */
const QUESTION = "z";

export class ImportIndex {
  private state: "unread" | "reading" | "read" = "unread";

  /** @param head the first line of a cell's document */
  constructor(private readonly server: TypeScriptServer, private readonly head: () => string) {}

  /** Whether imports can be offered at once. If not, the packages are being read from now on, for a later question. */
  get ready(): boolean {
    if (this.state === "unread") void this.read();
    return this.state === "read";
  }

  /** Has the packages read, where they are not; never rejects. */
  async read(): Promise<void> {
    if (this.state !== "unread") return;
    this.state = "reading";
    try {
      await this.server.set(DOCUMENT, this.head() + QUESTION);
      const position = { line: 1, character: QUESTION.length };
      await this.server.requestWithImports({ textDocument: { uri: this.server.uri(DOCUMENT) }, position, context: { triggerKind: 1 } });
      this.state = "read";
    } catch {
      this.state = "unread";
    }
  }

  /** Other packages are there now. */
  forget(): void {
    this.state = "unread";
  }
}
