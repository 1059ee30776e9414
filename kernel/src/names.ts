/**
 * Every name that a notebook starts with, as `import … from "thawbook"` gives it: TensorFlow (`tf`),
 * danfojs (`dfd`), `display`, and the library. Imports nothing.
 */
export const NOTEBOOK_NAMES = [
  "tf",
  "dfd",
  "display",
  "loadPretrained",
  "save",
  "encoder",
  "replaceHead",
  "fromScratch",
  "copyModel",
  "freeze",
  "unfreeze",
  "freezeAllBut",
  "trainable",
  "below",
  "last",
  "biases",
  "norms",
  "gradualUnfreezing",
  "lpft",
  "finetune",
  "optimizers",
  "schedules",
  "losses",
  "regularizers",
  "fisher",
  "interpolate",
  "evaluate",
  "confusionMatrix",
  "compare",
  "diagnose",
  "compile",
] as const;

export type NotebookName = (typeof NOTEBOOK_NAMES)[number];
