import { requireTf } from "../../tensorflow";
import { selfAttentionDefinition } from "./attention";
import type { AttentionSettings } from "./attention";
import { under, within } from "./definition";
import type { LayerDefinition } from "./definition";
import { feedForwardDefinition } from "./feed-forward";
import type { FeedForwardSettings } from "./feed-forward";
import { layerNormDefinition } from "./layer-norm";
import type { LayerNormSettings } from "./layer-norm";

export interface EncoderBlockSettings extends FeedForwardSettings, LayerNormSettings {
  heads: number;
  /** Dropout of what attention and feed-forward add. */
  dropout: number;
  /** Dropout of the attention's weights. */
  attentionDropout: number;
}

const attentionOf = ({ heads, attentionDropout }: EncoderBlockSettings): AttentionSettings => ({ heads, dropout: attentionDropout });

/**
 * A layer of a transformer's encoder as BERT has it (Devlin et al. 2019): attention, then feed-forward, each
 * added to its input and normalized after. [batch, time, width] and a mask [batch, time] -> [batch, time, width].
 */
export const encoderBlockDefinition: LayerDefinition<EncoderBlockSettings> = {
  className: "EncoderBlock",
  weights: (settings, shapes) => [
    ...under("attention", [...selfAttentionDefinition.weights(attentionOf(settings), shapes), ...under("norm", layerNormDefinition.weights(settings, shapes))]),
    ...feedForwardDefinition.weights(settings, shapes),
    ...under("norm", layerNormDefinition.weights(settings, shapes)),
  ],
  outputShape: (_settings, [shape]) => shape!,
  compute(settings, [x, mask], scope) {
    const tf = requireTf();
    const normalized = (part: string, values: ReturnType<typeof tf.add>) => layerNormDefinition.compute(settings, [values], within(scope, part));
    const attended = selfAttentionDefinition.compute(attentionOf(settings), [x!, mask!], within(scope, "attention"));
    const middle = normalized("attention/norm", tf.add(x!, scope.dropout("attention/output/dropout", attended, settings.dropout)));
    const fed = feedForwardDefinition.compute(settings, [middle], scope);
    return normalized("norm", tf.add(middle, scope.dropout("output/dropout", fed, settings.dropout)));
  },
  dropouts: ({ dropout, attentionDropout }) => ({ "attention/dropout": attentionDropout, "attention/output/dropout": dropout, "output/dropout": dropout }),
};
