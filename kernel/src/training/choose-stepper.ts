import type { LayersModel } from "@tensorflow/tfjs-node";
import { weightEntries } from "../models";
import { graphAddonMissing } from "../tensorflow/graph";
import { CompiledStepper } from "./compiled-stepper";
import { EagerStepper } from "./eager-stepper";
import type { StepSettings } from "./eager-stepper";
import type { Stepper } from "./stepper";

/** How a run takes its steps: compiled where that is possible and wanted. The one place that decides. */
export function stepperFor(model: LayersModel, settings: StepSettings, compile: "auto" | "off"): Stepper {
  if (compile === "off") return new EagerStepper(model, settings);
  const notice = (op: string, reason: string): void => tell(`Steps of ${model.name} are not compiled (${op}: ${reason}); they are taken op by op, which is slower.`);
  const obstacle = obstacleTo(model, settings);
  if (!obstacle) return new CompiledStepper(model, settings, notice);
  notice(obstacle.op, obstacle.reason);
  return new EagerStepper(model, settings);
}

/** What a graph cannot do, and would not notice. */
function obstacleTo(model: LayersModel, { loss }: StepSettings): { op: string; reason: string } | undefined {
  if (loss.own) return { op: `loss ${loss.name}`, reason: "a function of one's own may decide something in JavaScript at every step" };
  const constrained = weightEntries(model).find(({ variable }) => (variable as { constraint?: unknown }).constraint);
  if (constrained) return { op: constrained.path, reason: "its constraint acts after every update" };
  const missing = graphAddonMissing();
  return missing === undefined ? undefined : { op: "addon", reason: missing.replace(/\.$/, "") };
}

const told = new Set<string>();

/** Once, and in one line. */
function tell(text: string): void {
  if (told.has(text)) return;
  told.add(text);
  process.stderr.write(`${text}\n`);
}
