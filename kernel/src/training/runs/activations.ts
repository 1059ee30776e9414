import type { LayersModel, Tensor } from "@tensorflow/tfjs-node";
import { forward } from "../../models";
import type { TrainingPass } from "../../models";
import { requireTf } from "../../tensorflow";
import { inputTensors } from "../data/data";
import type { Samples } from "../data/data";
import type { StepSettings } from "../steps/step-settings";
import { trainingLayers } from "../freezing/modes";

/**
 * The output of every layer in inference mode, by layer path, those of nested models too. Of a layer
 * that is called more than once, the last.
 *
 * @returns tensors for the caller to dispose
 */
export function activationsOf(model: LayersModel, inputs: readonly Tensor[]): Record<string, Tensor> {
  const tf = requireTf();
  const found: Record<string, Tensor> = {};
  tf.tidy(() => {
    forward(model, inputs, {
      observe(path, output) {
        found[path]?.dispose();
        found[path] = tf.keep(tf.clone(output));
      },
    });
  });
  return found;
}

/** The same for samples as `finetune` takes them. */
export function activationsFor(model: LayersModel, x: Samples["x"]): Record<string, Tensor> {
  const inputs = inputTensors(model, x, "activations");
  try {
    return activationsOf(model, inputs);
  } finally {
    inputs.forEach((tensor) => tensor.dispose());
  }
}

/**
 * The first layer that gives NaN or infinity, in the mode of the step in which it came up: the same
 * noise, the same layers in training mode. Without the output's activation, as the loss takes it.
 */
export function firstNotFinite(model: LayersModel, { seed, dropoutRate, loss, frozenBatchNorm }: StepSettings, step: number, pass: number, inputs: readonly Tensor[]): { layer: string; count: number; size: number } | undefined {
  const tf = requireTf();
  const training = trainingLayers(model, frozenBatchNorm);
  let found: { layer: string; count: number; size: number } | undefined;
  const train: TrainingPass = { seed, step, pass, dropoutRate, training: (layer) => training.has(layer), statistics: () => {} };
  tf.tidy(() => {
    forward(model, inputs, {
      train,
      beforeActivation: loss.fromLogits,
      observe(path, output) {
        if (found || output.dtype !== "float32") return;
        const count = output.size - tf.sum(tf.cast(tf.isFinite(output), "int32")).dataSync()[0]!;
        if (count > 0) found = { layer: path, count, size: output.size };
      },
    });
  });
  return found;
}
