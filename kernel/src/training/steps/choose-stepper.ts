import type { LayersModel } from "@tensorflow/tfjs-node";
import { innerLayers, layerEntries, weightEntries } from "../../models";
import { isOfLibrary, statelessBits } from "../../tensorflow";
import { graphAddonMissing } from "../../tensorflow/graph";
import { CompiledStepper } from "./compiled-stepper";
import { EagerStepper } from "./eager-stepper";
import type { StepSettings } from "./step-settings";
import { needsOf } from "../plan/memory-needs";
import type { Plan } from "../plan/plan.types";
import { FrozenPrefix } from "./frozen-prefix";
import { PrefixStepper } from "./prefix-stepper";
import type { Regularizer } from "../objective/regularization";
import type { Stepper } from "./stepper";

/**
 * A run of fewer steps is taken op by op: on small models recording and checking a step costs as much as some 25 steps
 * of tfjs, and more on larger ones. What decides is the plan, not a clock, so that a run repeats itself to the bit.
 */
const FEWEST_STEPS = 24;

/** So many rows show whether a compiled step does what the step does op by op. */
const CHECK_ROWS = 2;
/** Bytes of gradients and activations beyond which the first step is checked by a few rows: below, all of them are quick. */
const LARGE_STEP = 64 * 2 ** 20;

/**
 * How a run takes its steps: compiled where that is possible and wanted, on what the frozen prefix gives where that is worth
 * while. The one place that decides.
 *
 * @param note told what is to be seen with the run
 */
export function stepperFor(model: LayersModel, plan: Plan, note: (text: string) => void): Stepper {
  const stepper = plainStepper(model, plan, note);
  const { cache, cacheMemory, epochs } = plan;
  // In one pass over the data nothing comes twice.
  if (cache === "off" || epochs < 2) return stepper;
  const reader = plan.settings.regularizers?.find(readsSamples);
  const made = plan.augment.length > 0 ? "augment makes every sample anew" : plan.stream && "the samples of a stream come and go";
  const obstacle = made ?? (plan.settings.loss.pairs ? "a sample of pairs is several inputs" : reader && `${reader.kind} looks at the samples themselves`);
  return new PrefixStepper(stepper, new FrozenPrefix(model, { cache, memory: cacheMemory, obstacle, frozenBatchNorm: plan.settings.frozenBatchNorm, training: plan.training, note }));
}

function plainStepper(model: LayersModel, plan: Plan, note: (text: string) => void): Stepper {
  const { settings, compile, steps, stepsPerEpoch, seed, watch, stream } = plan;
  // How long a stream is may be known in a fork, and not in the run that it is forked from.
  if (compile === "off" || (!stream && steps < FEWEST_STEPS)) return new EagerStepper(model, settings, { measure: watch });
  const noted = new Set<string>();
  const notice = (op: string, reason: string): void => {
    const text = `Steps of ${model.name} are not compiled (${op}: ${reason}); they are taken op by op, which is slower.`;
    tell(text);
    if (!noted.has(text)) note(text);
    noted.add(text);
  };
  const missing = graphAddonMissing();
  if (missing !== undefined) {
    notice("addon", missing.replace(/\.$/, ""));
    return new EagerStepper(model, settings, { measure: watch });
  }
  if (hasOwnCode(model, settings)) return new CompiledStepper(model, settings, { notice, measure: watch, checks: laterChecks(steps, stepsPerEpoch, seed) });
  return new CompiledStepper(model, settings, { notice, measure: watch, ...rowsOf(model, plan) });
}

/**
 * The size to which batches are filled up, where an epoch's last one is shorter, and how many rows the first step is
 * checked by, where all of them would take long. Only where a sample's loss is a matter of that sample alone: both give
 * rows a weight.
 */
function rowsOf(model: LayersModel, plan: Plan): { rows?: number; checkRows?: number } {
  const { settings: { loss, regularizers }, training, batchSize, stages, stream } = plan;
  if (stream || stages.length > 0 || loss.pairs || regularizers?.some(readsSamples)) return {};
  const { gradients, activations } = needsOf(model, plan).bytes;
  if (gradients + activations > LARGE_STEP) return { rows: batchSize, checkRows: CHECK_ROWS };
  return training.rows % batchSize === 0 ? {} : { rows: batchSize };
}

const readsSamples = ({ term, readsInputs }: Regularizer): boolean => term !== undefined && readsInputs !== false;

/**
 * Where a graph of code that is not ours is held against the step op by op once more: what it decides in JavaScript, from
 * a counter or a setting that changes, shows at a later step only. The next step, the beginning of the second epoch,
 * and one at random.
 */
function laterChecks(steps: number, stepsPerEpoch: number, seed: number): Set<number> {
  const [draw] = statelessBits(1, { seed, site: "check", step: 0 });
  return new Set([1, stepsPerEpoch, 2 + (draw! % Math.max(1, steps - 2))]);
}

/** Layers, constraints and losses of the user's own may do anything. */
function hasOwnCode(model: LayersModel, { loss }: StepSettings): boolean {
  const foreign = (value: object) => !isOfLibrary(value);
  const constraints = weightEntries(model).flatMap(({ variable }) => (variable as { constraint?: object | null }).constraint ?? []);
  return loss.own || layerEntries(model).some(({ layer }) => foreign(layer) || innerLayers(layer).some(foreign)) || constraints.some(foreign);
}

const told = new Set<string>();

/** Once, and in one line. */
function tell(text: string): void {
  if (told.has(text)) return;
  told.add(text);
  process.stderr.write(`${text}\n`);
}
