/** Up to `count` names, nearest first, of those near enough to be a slip of the hand. */
export function closestNames(wanted: string, names: Iterable<string>, count = 3): string[] {
  const scored = [...new Set(names)].map((name) => ({ name, distance: nameDistance(wanted.toLowerCase(), name.toLowerCase()) }));
  scored.sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1));
  return scored.slice(0, count).map(({ name }) => name);
}

/** Edits, of which a shared beginning takes some away. */
function nameDistance(a: string, b: string): number {
  let shared = 0;
  while (shared < Math.min(a.length, b.length) && a[shared] === b[shared]) shared++;
  return editDistance(a, b) - shared;
}

/** Edits from one text to the other (Levenshtein). */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
