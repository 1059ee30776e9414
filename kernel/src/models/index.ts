/** Pretrained models: in and out, their layers, heads, and running them layer by layer. */
export { loadPretrained } from "./load";
export { save } from "./save";
export { copyModel, fromScratch } from "./copy";
export { replaceHead, type HeadActivation, type HeadOptions } from "./head";
export { layersView, reachedByGradients } from "./layers-view";
export { cutModel, type Cut } from "./cut";
export { forward, forwardPrefix, type ForwardOptions, type TrainingPass } from "./forward";
export { dropoutSites, encoder, type EncoderOptions } from "./layers";
export { isNoise } from "./training-layers";
export { activationOf, asContainer, classOf, innerLayers, internals, type Layer, type LayersModel, type LayerVariable } from "./internals";
export { layerCalls, layerEntries, trains, weightEntries, type LayerCall, type LayerEntry, type WeightEntry, type WeightKind } from "./structure";
export { decodeSafetensors, encodeSafetensors, type Safetensors, type SafetensorType, type StoredTensor } from "./safetensors";
