import type { DebugProtocol } from "@vscode/debugprotocol";
import type { Runtime } from "node:inspector";
import type { InspectorConnection } from "./inspector";

/** Indexed children are handed out in pages, or a tensor's million values would stall the panel. */
const PAGE = 100;

type Reference =
  | { kind: "object"; objectId: string }
  | { kind: "page"; objectId: string; start: number; end: number }
  | { kind: "fixed"; variables: () => Promise<DebugProtocol.Variable[]> };

/** Runs in the debuggee: one line for a value whose own description says too little. Must stand alone. */
function summarize(this: unknown): string | undefined {
  type Tensor = { shape: number[]; dtype: string; size: number; isDisposed: boolean; dataSync(): ArrayLike<unknown> };
  const value = this as Partial<Tensor> & { columns?: unknown[]; values?: unknown; layers?: unknown[]; name?: string; countParams?: () => number };
  // no getter of the value's own may run: it might do more than tell
  const isMethod = (name: string): boolean => {
    let at: unknown = value;
    while (at !== null && Object.getOwnPropertyDescriptor(at as object, name) === undefined) at = Object.getPrototypeOf(at);
    return at !== null && typeof Object.getOwnPropertyDescriptor(at as object, name)?.value === "function";
  };
  if (["shape", "dtype", "layers", "columns", "name"].some((name) => Object.getOwnPropertyDescriptor(value, name)?.get !== undefined)) return undefined;
  const kind = (value as object).constructor?.name;
  const isTensor = isMethod("dataSync") && Array.isArray(value.shape) && typeof value.dtype === "string";
  if (isTensor) {
    const tensor = value as Tensor;
    const head = `${kind} ${tensor.dtype} [${tensor.shape.join(", ")}]`;
    if (tensor.isDisposed) return `${head}, disposed`;
    const values = Array.prototype.slice.call(tensor.dataSync(), 0, 6).map((v) => (typeof v === "number" ? +v.toPrecision(4) : String(v)));
    return `${head}: ${values.join(", ")}${tensor.size > 6 ? ", …" : ""}`;
  }
  if (isMethod("countParams") && Array.isArray(value.layers)) {
    return `${kind} "${value.name}": ${value.layers.length} layers, ${value.countParams!()} parameters`;
  }
  if (Array.isArray(value.shape) && Array.isArray(value.columns)) return `${kind} [${value.shape.join(" x ")}]: ${value.columns.join(", ")}`;
  return undefined;
}

/** Values of the debuggee as the variables that a front end shows; references live until `clear`. */
export class Values {
  readonly #connection: InspectorConnection;
  readonly #references = new Map<number, Reference>();
  readonly #withTypes: boolean;
  readonly #userName: (name: string) => string;
  #next = 1;

  /** @param options `withTypes: false` for JupyterLab, which shows a value's type *instead* of the value unless it is one of Python's */
  constructor(connection: InspectorConnection, { withTypes, userName }: { withTypes: boolean; userName: (name: string) => string }) {
    this.#connection = connection;
    this.#withTypes = withTypes;
    this.#userName = userName;
  }

  clear(): void {
    this.#references.clear();
  }

  /** A reference to the properties of an object, or to variables made on demand. */
  refer(reference: Reference): number {
    this.#references.set(this.#next, reference);
    return this.#next++;
  }

  /** @throws Error where the reference is of an earlier stop */
  async children(reference: number, page?: { start?: number; count?: number }): Promise<DebugProtocol.Variable[]> {
    const target = this.#references.get(reference);
    if (!target) throw new Error(`Variable reference ${reference} is no longer valid: the program has moved on.`);
    if (target.kind === "fixed") return target.variables();
    const range = target.kind === "page" ? [target.start, target.end] : page?.count ? [page.start ?? 0, (page.start ?? 0) + page.count] : undefined;
    if (range) return this.#elements(target.objectId, range[0]!, range[1]!);
    return this.#properties(target.objectId);
  }

  async variable(name: string, value: Runtime.RemoteObject): Promise<DebugProtocol.Variable> {
    const expandable = value.objectId !== undefined && value.type !== "symbol";
    return {
      name,
      value: await this.#text(value),
      ...(this.#withTypes && { type: value.className ?? value.subtype ?? value.type }),
      evaluateName: name,
      variablesReference: expandable ? this.refer({ kind: "object", objectId: value.objectId! }) : 0,
    };
  }

  /** The first line of a function's script: blanks are where its types were. */
  #signature(description: string): string {
    return description.split("\n")[0]!.replace(/\s*\{\s*$/, "").replace(/[\p{ID_Continue}$]+/gu, this.#userName).replace(/ +(?=[ ,)])/g, "");
  }

  async #text(value: Runtime.RemoteObject): Promise<string> {
    if (value.type === "string") return JSON.stringify(value.value);
    if (value.type === "function") return this.#signature(value.description ?? "function");
    if (value.type !== "object" || value.subtype === "null" || !value.objectId) {
      return value.unserializableValue ?? value.description ?? String(value.value);
    }
    if (value.subtype === undefined) {
      const summary = await this.#connection
        .post("Runtime.callFunctionOn", { functionDeclaration: summarize.toString(), objectId: value.objectId, returnByValue: true, silent: true })
        .catch(() => undefined);
      if (typeof summary?.result.value === "string") return summary.result.value;
    }
    return preview(value) ?? value.description ?? "Object";
  }

  async #properties(objectId: string): Promise<DebugProtocol.Variable[]> {
    const length = await this.#length(objectId);
    if (length > PAGE) {
      const pages: DebugProtocol.Variable[] = [];
      for (let start = 0; start < length; start += PAGE) {
        const end = Math.min(start + PAGE, length);
        pages.push({ name: `[${start} … ${end - 1}]`, value: "", variablesReference: this.refer({ kind: "page", objectId, start, end }) });
        if (pages.length === PAGE && end < length) {
          pages.push({ name: "…", value: `${length - end} more`, variablesReference: 0 });
          break;
        }
      }
      return pages;
    }
    const { result, internalProperties } = await this.#connection.post("Runtime.getProperties", { objectId, ownProperties: true, generatePreview: true });
    const own = result.filter((p) => p.value !== undefined || p.get !== undefined);
    const variables = await Promise.all(
      own.map((p) =>
        p.value !== undefined
          ? this.variable(p.name, p.value)
          : Promise.resolve({ name: p.name, value: "(…)", ...(this.#withTypes && { type: "accessor" }), variablesReference: this.#accessor(objectId, p.name) }),
      ),
    );
    const inner = (internalProperties ?? []).filter((p) => p.value !== undefined && p.name !== "[[Prototype]]");
    return [...variables, ...(await Promise.all(inner.map((p) => this.variable(p.name, p.value!))))];
  }

  /** A getter runs only when the person opens it. */
  #accessor(objectId: string, name: string): number {
    return this.refer({
      kind: "fixed",
      variables: async () => [await this.#call(objectId, "function (name) { return this[name] }", [name], name)],
    });
  }

  async #elements(objectId: string, start: number, end: number): Promise<DebugProtocol.Variable[]> {
    const slice = await this.#connection.post("Runtime.callFunctionOn", {
      objectId,
      functionDeclaration: "function (start, end) { return Array.prototype.slice.call(this, start, end) }",
      arguments: [{ value: start }, { value: end }],
    });
    const { result } = await this.#connection.post("Runtime.getProperties", { objectId: slice.result.objectId!, ownProperties: true, generatePreview: true });
    const elements = result.filter((p) => p.value !== undefined && /^\d+$/.test(p.name));
    return Promise.all(elements.map((p) => this.variable(String(start + Number(p.name)), p.value!)));
  }

  async #length(objectId: string): Promise<number> {
    const declaration = "function () { return Array.isArray(this) || (ArrayBuffer.isView(this) && !(this instanceof DataView)) ? this.length : 0 }";
    const { result } = await this.#connection.post("Runtime.callFunctionOn", { objectId, functionDeclaration: declaration, returnByValue: true });
    return Number(result.value ?? 0);
  }

  async #call(objectId: string, functionDeclaration: string, args: unknown[], name: string): Promise<DebugProtocol.Variable> {
    const reply = await this.#connection.post("Runtime.callFunctionOn", { objectId, functionDeclaration, arguments: args.map((value) => ({ value })), silent: true });
    return this.variable(name, reply.result);
  }
}

/** A short look inside: `{ x: 1, y: "a", … }`, `(3) [1, 2, 3]`. */
function preview(value: Runtime.RemoteObject): string | undefined {
  const shown = value.preview;
  if (!shown || !["array", "typedarray", undefined].includes(shown.subtype)) return undefined;
  const items = shown.properties.map((p) => {
    const text = p.type === "string" ? JSON.stringify(p.value ?? "") : (p.value ?? p.type);
    return shown.subtype ? text : `${p.name}: ${text}`;
  });
  if (shown.overflow) items.push("…");
  if (shown.subtype) return `${shown.description ?? "Array"} [${items.join(", ")}]`;
  const name = shown.description && shown.description !== "Object" ? `${shown.description} ` : "";
  return `${name}{ ${items.join(", ")} }`;
}
