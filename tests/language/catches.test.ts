import { expect, test } from "vitest";
import { catches } from "../../kernel/lib/language/index.js";

/** At the `f(` or the `throw` of the script. */
const caught = (script: string): boolean => {
  const offset = Math.max(script.indexOf("f("), script.indexOf("throw"));
  const lines = script.slice(0, offset).split("\n");
  return catches(script, lines.length - 1, lines.at(-1)!.length);
};

test.each([
  ["f()", false],
  ["try { f() } catch {}", true],
  ["try { f() } finally { g() }", false],
  ["try { g() } catch { f() }", false],
  ["try {\n  if (a) {\n    throw 1;\n  }\n} catch (error) {}", true],
  ["await f().catch(() => 1)", true],
  ["await f().then(g, () => 1)", true],
  ["await f().then(g)", false],
  ["await g().catch(() => f())", false],
  ["await Promise.allSettled([g(), f()])", true],
  // the function that is called later, not the place that made it
  ["try { later(() => { f(); }); } catch {}", false],
  ["(async function (a) { try { await f(); } catch {} })", true],
])("%s", (script, expected) => expect(caught(script)).toBe(expected));
