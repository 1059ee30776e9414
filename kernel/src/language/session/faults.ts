/** What the server finds, as faults of a cell or of a file that it imports. */

import type { Diagnostic, Position } from "../cell.js";
import { withoutLibraryAdvice } from "../server/libraries.js";
import { packageName, type Workspace } from "../server/workspace.js";
import type { LspDiagnostic, LspPosition } from "../server/server.js";
import { withoutSessionName } from "./session.js";

/** Faults that are none in a notebook. */
const IGNORED = new Set([
  2695, // `1, 2`: the left side of a comma is unused
  2309, // `export =` beside other exports
]);

/**
 * "… implicitly has an 'any' type": exploring is not publishing. The option stays on all the same: without it `const a = []`
 * is `never[]`.
 */
const isImplicitAny = (code: number): boolean => code >= 7005 && code <= 7057 && code !== 7027 && code !== 7029 && code !== 7030;

export function isFault({ severity, code, message }: LspDiagnostic, workspace: Workspace): boolean {
  if (severity !== undefined && severity > 1) return false;
  if (IGNORED.has(Number(code)) || isImplicitAny(Number(code))) return false;
  // A module without types that Node finds.
  const specifier = Number(code) === 2307 ? /'([^']+)'/.exec(message)?.[1] : undefined;
  return !(specifier && workspace.resolves(specifier));
}

/** A fault of a cell: the document's line 1 is the cell's line 1. An object literal has a parenthesis before it. */
export function cellFault(found: LspDiagnostic, isObjectLiteral: boolean): Diagnostic {
  const by = isObjectLiteral ? 1 : 0;
  return fault(found, ({ line, character }) => ({ line, column: character + 1 - (line === 1 ? by : 0) }));
}

/** A fault of a file, or of a text that is a document as it is. */
export function fileFault(found: LspDiagnostic, file?: Diagnostic["file"]): Diagnostic {
  return { ...fault(found, ({ line, character }) => ({ line: line + 1, column: character + 1 })), ...(file ? { file } : {}) };
}

function fault({ range, code, message }: LspDiagnostic, position: (at: LspPosition) => Position): Diagnostic {
  return {
    severity: "error",
    ...(code === undefined ? {} : { code: `TS${code}` }),
    message: withoutLibraryAdvice(withoutSessionName(message)) + howToInstall(code, message),
    start: position(range.start),
    end: position(range.end),
  };
}

/** For a package that is not there. */
function howToInstall(code: number | string | undefined, message: string): string {
  const specifier = Number(code) === 2307 ? /'([^']+)'/.exec(message)?.[1] : undefined;
  const name = specifier && packageName(specifier);
  return name ? ` \`%install ${name}\` on a line above installs it.` : "";
}
