/** The layers of a transformer's encoder, as layers of tfjs that train. */
export { encoder, type EncoderOptions } from "./encoder";
export { computeDefined, createLayer, definedLayer, dropoutSites, type LayerDefinition, type Scope, type WeightSpec } from "./definition";
export { dropout } from "./dropout";
export { activate, type Activation } from "./gelu";
export { registerLayers } from "./register";
export { layerNormDefinition } from "./layer-norm";
export { selfAttentionDefinition } from "./attention";
export { feedForwardDefinition } from "./feed-forward";
export { encoderBlockDefinition } from "./encoder-block";
export { tokenEmbeddingsDefinition } from "./embeddings";
export { poolingDefinition } from "./pooling";
