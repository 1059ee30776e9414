/** Whether whole numbers fit into the embeddings that they go to: TensorFlow's own complaint names neither input nor row. */
import { asContainer, classOf, layerCalls, weightEntries } from "../../models";
import type { Layer, LayersModel } from "../../models";
import type { Column } from "./columns";

interface Limit {
  layer: string;
  /** How many rows its table has. */
  rows: number;
}

const limits = new WeakMap<LayersModel, readonly (Limit | undefined)[]>();

/** @param what names an input in errors @throws RangeError with the row and the value */
export function checkTokens(model: LayersModel, inputs: readonly Column[], what: (index: number) => string): void {
  const known = limits.get(model) ?? model.inputs.map((_, index) => limitOf(model, index));
  limits.set(model, known);
  inputs.forEach(({ values, rowSize }, index) => {
    const limit = known[index];
    const at = limit ? values.findIndex((value) => !(value >= 0 && value < limit.rows)) : -1;
    if (limit && at !== -1) throw new RangeError(`${what(index)} holds ${values[at]} in row ${Math.floor(at / rowSize)} (number ${at % rowSize} of it); ${limit.layer} has embeddings for 0 to ${limit.rows - 1}`);
  });
}

/** The smallest table that an input goes to as it is. */
function limitOf(model: LayersModel, index: number): Limit | undefined {
  const tables = weightEntries(model).filter(({ kind }) => kind === "embedding");
  const found: Limit[] = [];
  const visit = (container: NonNullable<ReturnType<typeof asContainer>>, input: unknown): void => {
    for (const { layer, node } of layerCalls(container)) {
      node.inputTensors.forEach((tensor, place) => {
        if (tensor !== input) return;
        const nested = asContainer(layer);
        if (nested) visit(nested, nested.inputs[place]);
        else found.push(...limitsAt(layer, place));
      });
    }
  };
  const limitsAt = (layer: Layer, place: number): Limit[] => {
    const name = classOf(layer) === "Embedding" ? "" : classOf(layer) === "TokenEmbeddings" ? ["word_embeddings", "type_embeddings"][place] : undefined;
    const table = name === undefined ? undefined : tables.find(({ owner, path }) => owner.layer === layer && path.endsWith(name));
    return table ? [{ layer: table.owner.path, rows: table.shape[0]! }] : [];
  };
  visit(asContainer(model)!, model.inputs[index]);
  return found.sort((a, b) => a.rows - b.rows)[0];
}
