/** An option as a person would say it. */
export function inWords(value: unknown): string {
  if (value === undefined) return "";
  if (typeof value === "string") return value;
  if (typeof value === "function") return value.name ? `a function, ${value.name}` : "a function";
  if (Array.isArray(value)) return value.map(inWords).join(", ");
  if (typeof value !== "object" || value === null) return String(value);
  for (const name of ["description", "definition", "kind", "name"] as const) {
    const said = (value as Record<string, unknown>)[name];
    if (typeof said === "string") return said;
  }
  return JSON.stringify(value, (_key, each: unknown) => (typeof each === "function" ? "a function" : each));
}
