import { insideOf, type Run } from "../../training";
import { activityOf, brokenBatch } from "./activity";
import { dataEvidence } from "./data";
import type { Evidence, RefusedStep, RunEvidence } from "./evidence.types";
import { lossTakes } from "./loss-probe";
import { modelEvidence } from "./model";

export interface GatherOptions {
  /** Hash all weights, which takes a second for some hundred million of them; true. */
  proof?: boolean;
}

/** All that is known of a run as it stands. Changes nothing in it. Bounded: at most 256 rows are run through the model. */
export function gather(run: Run, { proof = true }: GatherOptions = {}): Evidence {
  const inside = insideOf(run);
  const { plan } = inside;
  const { settings } = plan;
  const { loss, rule } = settings;
  const refused = refusedStep(run);
  return {
    run: {
      name: run.name,
      state: run.state,
      message: run.message,
      step: run.currentStep,
      steps: plan.steps,
      epochs: plan.epochs,
      stepsPerEpoch: plan.stepsPerEpoch,
      origin: inside.origin,
      restoredEpoch: restoredEpoch(run),
      refused,
    } satisfies RunEvidence,
    settings: {
      optimizer: rule.name,
      learningRate: plan.learningRate,
      typicalLearningRate: rule.defaultLearningRate,
      weightDecay: settings.weightDecay,
      clipNorm: settings.clipNorm,
      loss: loss.name,
      lossTakes: loss.own ? lossTakes(loss.perSample, run.model.outputs[0]!.shape.slice(1)) : undefined,
      metrics: settings.metrics.map(({ name }) => name),
      earlyStopping: plan.earlyStopping !== undefined,
      watched: plan.watch,
    },
    model: modelEvidence(run.model, settings, activityOf(run.model, plan.training)),
    history: run.history,
    steps: { loss: run.steps.metrics["loss"]!, learningRate: run.steps.learningRate, gradientNorm: run.gradientNorms },
    instruments: run.instruments,
    proof: proof ? inside.proof() : undefined,
    data: dataEvidence(run.model, plan.training, plan.validation),
  };
}

/** A run with early stopping ends with the best epoch's weights, unless told otherwise: what comes after is not kept. */
function restoredEpoch(run: Run): number | undefined {
  const { earlyStopping } = insideOf(run).plan;
  return earlyStopping && earlyStopping.restoreBest !== false ? run.best?.epoch : undefined;
}

function refusedStep(run: Run): RefusedStep | undefined {
  const mark = run.state === "failed" ? run.marks.findLast(({ kind }) => kind === "nan") : undefined;
  return mark && { step: mark.step, label: mark.label, ...brokenBatch(run.model, insideOf(run), mark.step - 1) };
}
