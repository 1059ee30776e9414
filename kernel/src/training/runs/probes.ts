/** What a run is watched for beside its own task: whether it keeps what it knew. */
import type { LayersModel } from "@tensorflow/tfjs-node";
import { datasetOf } from "../data/data";
import type { Dataset, Samples } from "../data/data";
import type { StepSettings } from "../steps/step-settings";
import { measure } from "./evaluate";
import type { Loss } from "../objective/losses";
import type { Stepper } from "../steps/stepper";

/**
 * Samples that the model's own output is measured on, by the run's first metric, else its loss; or a function that
 * measures the model in its own way, as with the head of another task. It gives a number and leaves the model as it is.
 */
export type Probe = Samples | ((model: LayersModel) => number | Promise<number>);

/** A probe that could not measure. Training has not changed by it. */
export class ProbeError extends Error {
  override readonly name = "ProbeError";
}

export interface BoundProbe {
  name: string;
  /** @param measured has the weights that `model` has */
  measure(measured: Stepper, model: LayersModel, settings: StepSettings): Promise<number>;
}

/** @throws where a probe's samples do not fit the model */
export function boundProbes(probes: Readonly<Record<string, Probe>> | undefined, model: LayersModel, loss: Loss): BoundProbe[] {
  return Object.entries(probes ?? {}).map(([name, probe]) => ({ name, measure: typeof probe === "function" ? byFunction(name, probe) : onSamples(datasetOf(model, loss, probe, `probes.${name}`)) }));
}

function onSamples(data: Dataset): BoundProbe["measure"] {
  return async (measured, _model, settings) => {
    const figures = await measure(measured, data, settings);
    return figures[settings.metrics[0]?.name ?? "loss"]!;
  };
}

function byFunction(name: string, probe: (model: LayersModel) => number | Promise<number>): BoundProbe["measure"] {
  return async (_measured, model) => {
    const value = await probe(model);
    if (typeof value !== "number") throw new ProbeError(`probes.${name} gives ${typeof value === "object" ? "an object" : typeof value}; it must give a number`);
    return value;
  };
}

/** `probe/<name>`, as the history has it. @throws ProbeError */
export async function probeFigures(probes: readonly BoundProbe[], measured: Stepper, model: LayersModel, settings: StepSettings): Promise<Record<string, number>> {
  const figures: Record<string, number> = {};
  for (const probe of probes) {
    try {
      figures[`probe/${probe.name}`] = await probe.measure(measured, model, settings);
    } catch (error) {
      if (error instanceof ProbeError || (error instanceof Error && error.name === "KeyboardInterrupt")) throw error;
      throw new ProbeError(`probes.${probe.name} failed: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
  return figures;
}
