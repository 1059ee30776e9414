import type { DebugProtocol } from "@vscode/debugprotocol";
import type { Runtime } from "node:inspector";
import type { CallStack } from "./call-stack";
import type { InspectorConnection } from "./inspector";
import type { Values } from "./values";

/** What evaluated values are held by, until the program goes on. */
export const GROUP = "debugger";

/** A value whose own display is not ready by then is shown as text: the program may be busy. */
const RICH_MS = 1_000;

export interface EvaluationOptions {
  /** Names in scope that the person did not write. */
  hidden: (name: string) => boolean;
  /** The name that the person wrote, where the script had to use another. */
  userName: (name: string) => string;
  /** JavaScript of the TypeScript that a person types. */
  withoutTypes(code: string): string;
  /** An expression in the debuggee: a function that makes a value's MIME bundle, as JSON, at once or as a promise. */
  richDisplay: string;
}

/** What a person asks of values by name or expression: in a frame of the paused program, or in the session. */
export class Evaluation {
  readonly #connection: InspectorConnection;
  readonly #values: Values;
  readonly #stack: CallStack;
  readonly #options: EvaluationOptions;

  constructor(connection: InspectorConnection, values: Values, stack: CallStack, options: EvaluationOptions) {
    this.#connection = connection;
    this.#values = values;
    this.#stack = stack;
    this.#options = options;
  }

  async evaluate({ expression, frameId }: DebugProtocol.EvaluateArguments): Promise<Record<string, unknown>> {
    const result = await this.#value(expression, frameId);
    const { value, variablesReference, type } = await this.#values.variable(expression, result);
    return { result: value, type, variablesReference };
  }

  /** What the notebook has declared so far, while nothing is paused. */
  async sessionVariables(): Promise<DebugProtocol.Variable[]> {
    const { names } = await this.#connection.post("Runtime.globalLexicalScopeNames", {});
    const own = names.filter((name) => !this.#options.hidden(name));
    const variables = await Promise.all(
      own.map(async (name) => {
        const { result, exceptionDetails } = await this.#connection.post("Runtime.evaluate", { expression: name, objectGroup: GROUP, generatePreview: true, silent: true });
        return exceptionDetails ? undefined : this.#values.variable(this.#options.userName(name), result);
      }),
    );
    return variables.filter((v) => v !== undefined);
  }

  /** A variable as the notebook would show it. */
  async rich(name: string, frameId: number | undefined): Promise<{ data: Record<string, unknown>; metadata: Record<string, unknown> }> {
    const result = await this.#value(name, frameId);
    const bundle = result.objectId === undefined ? undefined : await this.#bundle(result.objectId);
    if (bundle) return { data: bundle.data, metadata: bundle.metadata ?? {} };
    const { value } = await this.#values.variable(name, result);
    return { data: { "text/plain": value }, metadata: {} };
  }

  async copyToGlobals({ srcVariableName, dstVariableName, srcFrameId }: { srcVariableName: string; dstVariableName: string; srcFrameId: number }): Promise<void> {
    for (const name of [srcVariableName, dstVariableName]) {
      if (!/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)) throw new Error(`"${name}" is not a variable's name.`);
    }
    await this.#value(`globalThis.${dstVariableName} = ${srcVariableName}`, srcFrameId);
  }

  /** @throws Error with what the expression throws */
  async #value(code: string, frameId: number | undefined): Promise<Runtime.RemoteObject> {
    const common = { expression: this.#options.withoutTypes(code), objectGroup: GROUP, generatePreview: true, silent: true };
    const { result, exceptionDetails } = this.#stack.stopped
      ? await this.#connection.post("Debugger.evaluateOnCallFrame", { ...common, callFrameId: this.#stack.frame(frameId ?? 0).callFrameId })
      : await this.#connection.post("Runtime.evaluate", { ...common, replMode: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description?.split("\n")[0] ?? exceptionDetails.text);
    return result;
  }

  /** Made by the debuggee itself, also where it is paused: then nothing that has to be waited for. */
  async #bundle(objectId: string): Promise<{ data: Record<string, unknown>; metadata?: Record<string, unknown> } | undefined> {
    const asked = this.#connection.post("Runtime.callFunctionOn", {
      objectId, functionDeclaration: `function () { return ${this.#options.richDisplay}(this) }`,
      returnByValue: true, silent: true, awaitPromise: !this.#stack.stopped,
    });
    const late = new Promise<undefined>((resolve) => setTimeout(resolve, RICH_MS, undefined).unref());
    const answer = await Promise.race([asked.catch(() => undefined), late]);
    const json: unknown = answer?.result.value;
    return typeof json === "string" ? (JSON.parse(json) as { data: Record<string, unknown> }) : undefined;
  }
}
