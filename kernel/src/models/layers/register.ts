import { selfAttentionDefinition } from "./attention";
import { layerClass } from "./definition";
import { tokenEmbeddingsDefinition } from "./embeddings";
import { encoderBlockDefinition } from "./encoder-block";
import { feedForwardDefinition } from "./feed-forward";
import { layerNormDefinition } from "./layer-norm";
import { poolingDefinition } from "./pooling";

/** Makes the layers known to tfjs, which builds saved models by the names of their classes. */
export function registerLayers(): void {
  layerClass(tokenEmbeddingsDefinition);
  layerClass(layerNormDefinition);
  layerClass(selfAttentionDefinition);
  layerClass(feedForwardDefinition);
  layerClass(encoderBlockDefinition);
  layerClass(poolingDefinition);
}
