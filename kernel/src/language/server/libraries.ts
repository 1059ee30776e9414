/** Which of TypeScript's own libraries tell the truth about this Node: a cell must not be promised what would throw. */

/** What each brings that a Node without it lacks, by the object that has it. */
const BRINGS: readonly [library: string, owner: object, name: string][] = [
  ["es2024.arraybuffer", ArrayBuffer.prototype, "transfer"],
  ["es2024.collection", Map, "groupBy"],
  ["es2024.object", Object, "groupBy"],
  ["es2024.promise", Promise, "withResolvers"],
  ["es2024.regexp", RegExp.prototype, "unicodeSets"],
  ["es2024.sharedmemory", Atomics, "waitAsync"],
  ["es2024.string", String.prototype, "isWellFormed"],
  ["es2025.collection", Set.prototype, "union"],
  ["es2025.float16", Math, "f16round"],
  ["es2025.intl", Intl, "DurationFormat"],
  ["es2025.iterator", globalThis, "Iterator"],
  ["es2025.promise", Promise, "try"],
  ["es2025.regexp", RegExp, "escape"],
  ["esnext.array", Array, "fromAsync"],
  ["esnext.collection", Map.prototype, "getOrInsert"],
  ["esnext.date", Date.prototype, "toTemporalInstant"],
  ["esnext.error", Error, "isError"],
  ["esnext.sharedmemory", Atomics, "pause"],
  ["esnext.temporal", globalThis, "Temporal"],
  ["esnext.typedarrays", Uint8Array, "fromBase64"],
];

/** For `lib`. Decorators and `using` are ours to transform, so their types are there in any case. */
export const LIBRARIES: readonly string[] = [
  "es2023", "esnext.decorators", "esnext.disposable", "esnext.intl", ...BRINGS.filter(([, owner, name]) => name in owner).map(([library]) => library),
];

const ADVICE = / Do you need to change your target library\? Try changing the 'lib' compiler option to '[^']*' or later\.$/;

/** A notebook has no `lib` to change; another Node has what is missing. */
export const withoutLibraryAdvice = (message: string): string => message.replace(ADVICE, ` Node ${process.versions.node.split(".")[0]} does not have it; a newer one does.`);
