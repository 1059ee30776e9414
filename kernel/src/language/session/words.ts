/** The words of a text, and the names that it declares where it does not parse. */

const WORD = /[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/gu;

export function wordsOf(text: string): Set<string> {
  return new Set(text.match(WORD));
}

const DECLARING = /\b(?:const|let|var|class|function\*?|interface|type|enum|namespace|using)\s+([\p{ID_Start}$_][\p{ID_Continue}$]*)/gu;

/** Names that broken code seems to declare: better one too many than one declared twice. */
export function namesLikelyDeclared(text: string): Set<string> {
  const names = new Set([...text.matchAll(DECLARING)].map(([, name]) => name!));
  for (const [, clause] of text.matchAll(/\bimport\s+(?:type\s+)?([^"';]+?)\s+from\b/g)) {
    for (const part of clause!.replace(/[{}]/g, ",").split(",")) {
      const name = part.trim().split(/\s+/).at(-1);
      if (name) names.add(name);
    }
  }
  for (const [, pattern] of text.matchAll(/\b(?:const|let|var)\s*([{[][^=;]*[}\]])\s*=/g)) for (const name of wordsOf(pattern!)) names.add(name);
  return names;
}
