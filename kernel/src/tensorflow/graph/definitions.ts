import { requireGraphAddon } from "./native";
import type { NativeGraph } from "./native";

/** What of an op's definition matters for adding it to a graph. */
export interface OpDefinition {
  /** For each argument, how many tensors it takes: one, as many as an integer attribute says, or as many types as a list attribute has. */
  inputs: readonly ({ kind: "one" } | { kind: "number"; attribute: string } | { kind: "types"; attribute: string })[];
  attributes: ReadonlyMap<string, string>;
  stateful: boolean;
}

// tfjs-node brings these message classes along, without types.
interface Argument {
  getNumberAttr(): string;
  getTypeListAttr(): string;
}
interface Definition {
  getInputArgList(): Argument[];
  getAttrList(): { getName(): string; getType(): string }[];
  getIsStateful(): boolean;
}
interface Messages {
  OpDef: { deserializeBinary(bytes: Uint8Array): Definition };
}

const known = new Map<string, OpDefinition>();

/** @throws where the library has no such op */
export function opDefinition(graph: NativeGraph, type: string): OpDefinition {
  let definition = known.get(type);
  if (!definition) {
    const { OpDef } = require("@tensorflow/tfjs-node/dist/proto/api_pb") as Messages;
    const message = OpDef.deserializeBinary(requireGraphAddon().opDefinition(graph, type));
    definition = {
      inputs: message.getInputArgList().map((argument) => {
        if (argument.getNumberAttr() !== "") return { kind: "number", attribute: argument.getNumberAttr() };
        if (argument.getTypeListAttr() !== "") return { kind: "types", attribute: argument.getTypeListAttr() };
        return { kind: "one" };
      }),
      attributes: new Map(message.getAttrList().map((attribute) => [attribute.getName(), attribute.getType()])),
      stateful: message.getIsStateful(),
    };
    known.set(type, definition);
  }
  return definition;
}

/**
 * Groups the flat inputs of an eager call by the op's arguments.
 *
 * @param count the value of an integer attribute or the length of a list attribute
 */
export function groupInputs<T>(definition: OpDefinition, flat: readonly T[], count: (attribute: string) => number | undefined): (T | T[])[] {
  const groups: (T | T[])[] = [];
  let next = 0;
  const fixed = definition.inputs.filter(({ kind }) => kind === "one").length;
  for (const argument of definition.inputs) {
    if (argument.kind === "one") {
      groups.push(flat[next++]!);
      continue;
    }
    // Eager calls may leave the number out; a single list then takes what the other arguments leave.
    const length = count(argument.attribute) ?? flat.length - fixed;
    groups.push(flat.slice(next, next + length));
    next += length;
  }
  if (next !== flat.length || groups.includes(undefined as T)) throw new Error(`${flat.length} inputs do not fit the op's ${definition.inputs.length} arguments`);
  return groups;
}
