import type { CellActions, CheckPolicy, Language } from "../language";
import type { StreamName } from "../threads";
import { install } from "./install";

/** What magics that act before their cell need. */
export interface MagicContext {
  readonly language: Language;
  readonly folder: string;
  /** Aborted by an interrupt. */
  readonly signal: AbortSignal;
  write(name: StreamName, text: string): void;
  /** Has main forget the names; resolves when it has. */
  forget(names: readonly string[]): Promise<void>;
}

/** Resolves to what is wrong. */
type Act = (argument: string, context: MagicContext) => Promise<string | undefined>;

const SAID: Record<CheckPolicy, string> = {
  strict: "a cell with a type error does not run",
  warn: "a type error is a warning",
  off: "types are not checked",
};

const ACTS: Record<CellActions["before"][number]["name"], Act> = {
  async install(argument, { language, ...context }) {
    const packages = (argument.match(/"[^"]*"|'[^']*'|\S+/g) ?? []).map((name) => name.replace(/^(["'])(.*)\1$/, "$2"));
    const fault = await install(packages, context);
    if (fault === undefined) language.installed();
    return fault;
  },
  async check(argument, { language, write }) {
    if (argument) language.policy = argument as CheckPolicy;
    write("stdout", `check ${language.policy}: ${SAID[language.policy]}\n`);
    return undefined;
  },
  async reset(_, { language, forget, write }) {
    const names = await language.reset();
    await forget(names);
    write("stdout", `${names.length} ${names.length === 1 ? "name" : "names"} forgotten\n`);
    return undefined;
  },
  async help(_, { language, write }) {
    write("stdout", language.magicsHelp);
    return undefined;
  },
};

/** Does what a cell's magics ask for before it is checked, up to the first that fails. */
export async function actBefore({ before }: CellActions, context: MagicContext): Promise<{ magic: string; fault: string } | undefined> {
  for (const { name, argument } of before) {
    const fault = await ACTS[name](argument, context);
    if (fault !== undefined) return { magic: name, fault };
    if (context.signal.aborted) return undefined;
  }
  return undefined;
}

const MIME: Record<NonNullable<CellActions["shows"]>["as"], string> = {
  html: "text/html",
  markdown: "text/markdown",
  javascript: "application/javascript",
};

/** The content of the `display_data` message of a cell that is not TypeScript. */
export function bundleOf({ as, text }: NonNullable<CellActions["shows"]>, plain = text): Record<string, unknown> {
  return { data: { [MIME[as]]: text, "text/plain": plain }, metadata: {}, transient: {} };
}
