import type { LayersModel } from "@tensorflow/tfjs-node";
import { forward } from "../../models";
import { scoped } from "../../tensorflow";
import { looksLikeClasses } from "../data/columns";
import type { Numbers } from "../data/columns";
import type { PairLoss } from "../objective/contrastive";
import { batchOf, datasetOf, disposeBatch } from "../data/data";
import type { Samples } from "../data/data";
import { EagerStepper } from "../steps/eager-stepper";
import { measureSamples, summarize } from "./evaluate";
import type { SampleFigures } from "./evaluate";
import { breathe } from "./hooks";
import { lossFor } from "../objective/losses";
import type { Loss, LossFunction, LossName } from "../objective/losses";
import { metricsFor } from "../objective/metrics";
import type { Metric, MetricName } from "../objective/metrics";
import { adam } from "../optimizers";

export interface MeasureOptions {
  /** As in `finetune`; inferred from the model's end and the targets unless given. */
  loss?: LossName | LossFunction | PairLoss;
  metrics?: readonly (MetricName | Metric)[];
}

/** Loss and metrics of a model on samples, in inference mode; the mean over the samples. */
export async function measureModel(model: LayersModel, samples: Samples, options: MeasureOptions = {}): Promise<Record<string, number>> {
  const { figures, metrics } = await measureModelSamples(model, samples, options);
  return summarize(figures, { metrics });
}

/** The same for each sample, and the metrics that sum them up. */
export async function measureModelSamples(model: LayersModel, samples: Samples, options: MeasureOptions = {}): Promise<{ figures: SampleFigures; metrics: readonly Metric[] }> {
  const loss = lossOf(model, samples, options);
  const settings = {
    loss,
    metrics: metricsFor(loss, options.metrics),
    rule: adam(),
    weightDecay: 0,
    clipNorm: undefined,
    rateOf: () => 1,
    dropoutRate: (_path: string, own: number) => own,
    seed: 0,
  };
  return { figures: await measureSamples(new EagerStepper(model, settings), datasetOf(model, loss, samples, "evaluation data"), settings), metrics: settings.metrics };
}

/** The class that the model finds most likely, and the true one, for each sample. */
export async function classesOf(model: LayersModel, samples: Samples): Promise<{ predicted: Int32Array; actual: Int32Array; classes: number }> {
  const loss = lossOf(model, samples, { loss: "crossentropy" });
  const data = datasetOf(model, loss, samples, "evaluation data");
  const predicted = new Int32Array(data.rows);
  for (let start = 0; start < data.rows; start += 128) {
    const batch = batchOf(data, Int32Array.from({ length: Math.min(128, data.rows - start) }, (_, index) => start + index));
    predicted.set(scoped("classes", () => forward(model, batch.inputs, { beforeActivation: loss.fromLogits })[0]!.argMax(-1).dataSync() as Int32Array), start);
    disposeBatch(batch);
    await breathe();
  }
  return { predicted, actual: data.classes!, classes: data.targets.rowSize };
}

function lossOf(model: LayersModel, { y }: Samples, { loss }: MeasureOptions): Loss {
  const units = model.outputs[0]!.shape.at(-1) ?? 1;
  return lossFor(model, { loss }, loss === undefined && units > 1 && looksLikeClasses(y as Numbers, units));
}
