import { requireTf } from "../../tensorflow";
import { under, within } from "./definition";
import type { LayerDefinition, WeightSpec } from "./definition";
import { layerNormDefinition } from "./layer-norm";
import type { LayerNormSettings } from "./layer-norm";
import { lookup } from "./lookup";

export interface TokenEmbeddingsSettings extends LayerNormSettings {
  vocabulary: number;
  width: number;
  /** The longest text, in tokens. */
  positions: number;
  /** The number of the first token's position: 0 in BERT, 2 in RoBERTa. */
  firstPosition: number;
  /** Kinds of segments; 0: none, and no input for them. */
  types: number;
  dropout: number;
}

/** What a token, its position and its segment are worth, added and normalized: ids and types, [batch, time] -> [batch, time, width]. */
export const tokenEmbeddingsDefinition: LayerDefinition<TokenEmbeddingsSettings> = {
  className: "TokenEmbeddings",
  weights: ({ vocabulary, width, positions, types, ...settings }) => {
    const table = (name: string, rows: number): WeightSpec => ({ name: `${name}_embeddings`, shape: [rows, width], initial: "normal" });
    return [table("word", vocabulary), table("position", positions), ...(types > 0 ? [table("type", types)] : []), ...under("norm", layerNormDefinition.weights(settings, [[null, width]]))];
  },
  outputShape: ({ width }, [shape]) => [...shape!, width],
  compute(settings, [ids, types], scope) {
    const tf = requireTf();
    const { positions, firstPosition, width, dropout } = settings;
    const time = ids!.shape[1]!;
    if (firstPosition + time > positions) throw new RangeError(`${time} tokens are more than the ${positions - firstPosition} positions of this model; cut the texts to that length`);
    const place = tf.slice(scope.weight("position_embeddings"), [firstPosition, 0], [time, width]);
    let sum = tf.add(lookup(scope.weight("word_embeddings"), ids!), place);
    if (settings.types > 0) sum = tf.add(sum, lookup(scope.weight("type_embeddings"), types!));
    return scope.dropout("dropout", layerNormDefinition.compute(settings, [sum], within(scope, "norm")), dropout);
  },
  dropouts: ({ dropout }) => ({ dropout }),
};
