/**
 * What `import … from "thawbook"` gives, and what a notebook starts with. Loading it loads neither
 * TensorFlow nor danfojs: `tf` and `dfd` do at first touch, and so does whatever needs them.
 */
import type * as TensorFlow from "@tensorflow/tfjs-node";
import type * as Danfo from "danfojs-node";
import { requireDfd, requireTf } from "./tensorflow";

export { display } from "./display";
export { col, expression, frame, readCsv, readExcel, readJson, readParquet, sql } from "./frame";
export { copyModel, encoder, fromScratch, loadPretrained, replaceHead, save } from "./models";
export { augmentations, below, biases, estimate, findLearningRate, finetune, fisher, freeze, freezeAllBut, gradualUnfreezing, interpolate, last, losses, lpft, norms, optimizers, regularizers, schedules, trainable, unfreeze } from "./training";
export { compare, confusionMatrix, evaluate, evaluateSlices } from "./evaluation";
export { diagnose } from "./diagnosis";
export { compile } from "./tensorflow/graph";

export type { EncoderOptions, HeadActivation, HeadOptions } from "./models";
export type * from "./library.types";

/** TensorFlow: tfjs-node, loaded at first touch. */
export declare const tf: typeof TensorFlow;
/** danfojs-node, loaded at first touch. */
export declare const dfd: typeof Danfo;

/** The types that one writes most: `function show(image: tf.Tensor3D)`. All of them: `import type * as tf from "@tensorflow/tfjs-node"`. */
export declare namespace tf {
  export type DataType = TensorFlow.DataType;
  export type LayersModel = TensorFlow.LayersModel;
  export type Rank = TensorFlow.Rank;
  export type Scalar = TensorFlow.Scalar;
  export type Sequential = TensorFlow.Sequential;
  export type Shape = TensorFlow.Shape;
  export type SymbolicTensor = TensorFlow.SymbolicTensor;
  export type Tensor<R extends TensorFlow.Rank = TensorFlow.Rank> = TensorFlow.Tensor<R>;
  export type Tensor1D = TensorFlow.Tensor1D;
  export type Tensor2D = TensorFlow.Tensor2D;
  export type Tensor3D = TensorFlow.Tensor3D;
  export type Tensor4D = TensorFlow.Tensor4D;
  export type TensorLike = TensorFlow.TensorLike;
  export type Variable<R extends TensorFlow.Rank = TensorFlow.Rank> = TensorFlow.Variable<R>;
}

export declare namespace dfd {
  export type DataFrame = Danfo.DataFrame;
  export type Series = Danfo.Series;
}

const lazy = {
  get tf() {
    return requireTf();
  },
  get dfd() {
    return requireDfd();
  },
};

// In the one form in which Node sees, without running it, that a CommonJS module exports these names:
// only so can `import { tf } from "thawbook"` work in an ES module.
Object.defineProperty(exports, "tf", { enumerable: true, get: function () { return lazy.tf; } });
Object.defineProperty(exports, "dfd", { enumerable: true, get: function () { return lazy.dfd; } });
