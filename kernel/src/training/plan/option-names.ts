import { closestNames } from "../../closest-names";
import type { FinetuneOptions } from "./options.types";

/** Every option; the compiler sees to it that none is missing. */
const OPTIONS: Readonly<Record<keyof FinetuneOptions, true>> = {
  epochs: true,
  batchSize: true,
  learningRate: true,
  schedule: true,
  optimizer: true,
  loss: true,
  metrics: true,
  weightDecay: true,
  labelSmoothing: true,
  dropout: true,
  classWeights: true,
  regularize: true,
  probes: true,
  augment: true,
  stepsPerEpoch: true,
  averaging: true,
  rates: true,
  clipNorm: true,
  accumulate: true,
  earlyStopping: true,
  shuffle: true,
  seed: true,
  name: true,
  chart: true,
  trainingSample: true,
  compile: true,
  cache: true,
  cacheMemory: true,
  watch: true,
  frozenBatchNorm: true,
  memoryLimit: true,
  snapshots: true,
  thaw: true,
  checkpoint: true,
};

/** What people know from elsewhere, and where it is here. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  lr: "learningRate",
  decay: "weightDecay",
  callbacks: "run.subscribe(listener)",
  validation: "validation in the data: { x, y, validation }",
  validationData: "validation in the data: { x, y, validation }",
  validationSplit: "validation in the data: { x, y, validation: 0.2 }",
  sampleWeight: "weights in the data: { x, y, weights }",
  classWeight: "classWeights",
};

/** A wrong name that is passed over would train another run than the one that was meant. @throws on one that is no option */
export function checkOptionNames(options: FinetuneOptions): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) throw new TypeError(`finetune wants its options as an object, { epochs: 5 }; it got ${JSON.stringify(options)}`);
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(OPTIONS, name)) continue;
    const meant = Object.hasOwn(ELSEWHERE, name) ? ELSEWHERE[name] : closestNames(name, Object.keys(OPTIONS)).join(", ");
    throw new Error(`"${name}" is no option of finetune; ${Object.hasOwn(ELSEWHERE, name) ? "here it is" : "the closest names are"} ${meant}`);
  }
}
