/** A model, its data, and the two ways to take its steps: op by op, and as a graph. */
import type { LayersModel, Tensor, Variable } from "@tensorflow/tfjs-node";
import { forward, weightEntries } from "../../kernel/lib/models/index.js";
import { TrainingSession } from "../../kernel/lib/tensorflow/graph/index.js";
import type { FusedRule, StepsTaken, TrainingStep } from "../../kernel/lib/tensorflow/graph/index.js";
import { requireTf, softmaxCrossEntropy, statelessNormal } from "../../kernel/lib/tensorflow/index.js";
import { EagerStepper } from "../../kernel/lib/training/steps/eager-stepper.js";
import { lossFor } from "../../kernel/lib/training/objective/losses.js";
import type { UpdateRule } from "../../kernel/lib/training/index.js";

const tf = requireTf();
export const BATCH = 8;
const FEATURES = 12;
const CLASSES = 4;
const SAMPLES = 256;

/** Dense, batch normalization, dropout, dense. */
export function smallModel(): LayersModel {
  const initial = (seed: number) => tf.initializers.glorotUniform({ seed });
  const model = tf.sequential();
  model.add(tf.layers.dense({ name: "hidden", inputShape: [FEATURES], units: 16, activation: "relu", kernelInitializer: initial(1) }));
  model.add(tf.layers.batchNormalization({ name: "norm", momentum: 0.9 }));
  model.add(tf.layers.dropout({ name: "drop", rate: 0.3 }));
  model.add(tf.layers.dense({ name: "head", units: CLASSES, kernelInitializer: initial(2) }));
  return model;
}

const x = statelessNormal([SAMPLES, FEATURES], { seed: 1, site: "x", step: 0 }).dataSync() as Float32Array;
const y = new Float32Array(SAMPLES * CLASSES);
for (let row = 0; row < SAMPLES; row++) y[row * CLASSES + (row % CLASSES)] = 1;

export function rows(first: number, count: number): [Float32Array, Float32Array] {
  return [x.slice(first * FEATURES, (first + count) * FEATURES), y.slice(first * CLASSES, (first + count) * CLASSES)];
}

export interface Setting {
  rule: UpdateRule;
  fused?: FusedRule;
  weightDecay?: number;
  clipNorm?: number;
  /** Weights by path that do not train. */
  frozen?: readonly string[];
}

const firstOf = (step: number) => (step * BATCH) % SAMPLES;

export class CompiledSteps {
  readonly session: TrainingSession;

  constructor(
    readonly model: LayersModel,
    private readonly setting: Setting,
    private readonly learningRate = 1e-2,
  ) {
    this.session = new TrainingSession(this.weights().map(({ path, variable }) => ({ name: path, variable: variable.read() as Variable })), { ...setting.rule, ...(setting.fused ? { fused: setting.fused } : {}) });
  }

  take(step: number, count = 1, { frozen = this.setting.frozen ?? [], size = BATCH, spoil = (_values: Float32Array): void => undefined } = {}): StepsTaken {
    const inputs = rows(firstOf(step), size * count);
    spoil(inputs[0]);
    return this.session.step(`${frozen.join()}/${size}`, () => this.define(frozen, size), {
      inputs,
      steps: Array.from({ length: count }, (_, k) => step + k),
      learningRates: Array<number>(count).fill(this.learningRate),
    });
  }

  define(frozen: readonly string[], size: number): TrainingStep {
    const trained = this.weights().filter(({ path, kind }) => kind !== "statistics" && !frozen.includes(path));
    const variables = trained.map(({ variable }) => variable.read() as Variable);
    return {
      inputs: [{ dtype: "float32", shape: [size, FEATURES] }, { dtype: "float32", shape: [size, CLASSES] }],
      trained: trained.map(({ path, kind }) => ({ name: path, rate: 1, decay: kind === "kernel" ? (this.setting.weightDecay ?? 0) : 0 })),
      clipNorm: this.setting.clipNorm,
      gradients: ([input, target], step) => {
        const statistics = new Map<Variable, Tensor>();
        const { value, grads } = tf.variableGrads(() => {
          const train = { seed: 5, step, pass: 0, training: () => true, dropoutRate: (_: string, own: number) => own, statistics: (variable: { read(): unknown }, move: (average: Tensor) => Tensor) => void statistics.set(variable.read() as Variable, tf.keep(move(variable.read() as Variable))) };
          const [logits] = forward(this.model, [input!], { train });
          return tf.div(tf.sum(softmaxCrossEntropy(target!, logits!)), size);
        }, variables);
        return { loss: value, gradients: variables.map((variable) => grads[variable.name]!), statistics };
      },
    };
  }

  weights() {
    return weightEntries(this.model);
  }
}

export function eagerStepper(model: LayersModel, { rule, weightDecay = 0, clipNorm }: Setting): { take(step: number): { loss: number } } {
  const loss = lossFor(model, { loss: "crossentropy" }, true);
  const stepper = new EagerStepper(model, { loss, metrics: [], rule, weightDecay, clipNorm, rateOf: () => 1, dropoutRate: (_path, own) => own, seed: 5 });
  return {
    take(step) {
      const [inputs, targets] = rows(firstOf(step), BATCH);
      const batch = { inputs: [tf.tensor(inputs, [BATCH, FEATURES])], targets: tf.tensor(targets, [BATCH, CLASSES]), rows: BATCH };
      return stepper.step({ step, learningRate: 1e-2, batches: [batch] });
    },
  };
}

/** All weights of a model, as hexadecimal bytes by path. */
export function weightBytes(model: LayersModel): Record<string, string> {
  return Object.fromEntries(weightEntries(model).map(({ path, variable }) => [path, Buffer.from(variable.read().dataSync().slice().buffer).toString("hex")]));
}

export function weightValues(model: LayersModel): number[] {
  return weightEntries(model).flatMap(({ variable }) => [...variable.read().dataSync()]);
}
