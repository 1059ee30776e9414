import { inspect } from "node:util";
import type { LayersModel } from "@tensorflow/tfjs-node";
import type { Diagnosis } from "../diagnosis";
import type { Frame } from "../frame";
import type { LearningRateCurve } from "../training";
import type { ObservableRun } from "../training/runs/run.types";
import { carried } from "./bundle";
import { frameBundle, isFrame, type FrameLike } from "./frames";
import { diagnosisBundle, isDiagnosis } from "./diagnosis-bundle";
import type { MimeBundle, Shown } from "./frontend";
import { imageType } from "./images";
import { isLearningRateCurve, learningRateBundle } from "./learning-rate-picture";
import { isModel, modelBundle } from "./layers-bundle";
import { hasOwnDisplay, ownBundle } from "./own-display";
import { plainText } from "./plain";
import { isQueryFrame, queryFrameBundle } from "./query-frames";
import { isRun, runBundle } from "./run-bundle";
import { isTensor, tensorText, type TensorLike } from "./tensors";

/** Every bundle holds `text/plain`: terminals, nbconvert and screen readers have nothing else. */
const withText = (data: MimeBundle, value: unknown): Shown => ({ data: "text/plain" in data ? data : { ...data, "text/plain": plainText(value) } });

/** A display that failed is told, and the value is still seen; the cell goes on. */
function asText(value: unknown, error: unknown): Shown {
  const reason = error instanceof Error ? error.message : inspect(error);
  return { data: { "text/plain": `${plainText(value)}\n(shown as text: its display failed with: ${reason})` } };
}

type Kind = "own" | "tensor" | "frame" | "query frame" | "run" | "diagnosis" | "learning rates" | "model" | "image" | "plain";

function kindOf(value: unknown): Kind {
  try {
    if (hasOwnDisplay(value)) return "own";
    if (isTensor(value)) return "tensor";
    if (isFrame(value)) return "frame";
    if (isQueryFrame(value)) return "query frame";
    if (isRun(value)) return "run";
    if (isDiagnosis(value)) return "diagnosis";
    if (isLearningRateCurve(value)) return "learning rates";
    if (isModel(value)) return "model";
    if (value instanceof Uint8Array && imageType(value)) return "image";
  } catch {
    // A proxy or a getter that throws when it is looked at.
  }
  return "plain";
}

function known(value: unknown): Shown | Promise<Shown> {
  switch (kindOf(value)) {
    case "own": {
      const bundle = ownBundle(value as Parameters<typeof ownBundle>[0]);
      return bundle instanceof Promise ? bundle.then((data) => withText(data, value)) : withText(bundle, value);
    }
    case "tensor":
      return { data: { "text/plain": tensorText(value as TensorLike) } };
    case "frame":
      return { data: frameBundle(value as FrameLike) };
    case "query frame":
      return queryFrameBundle(value as Frame).then((data) => ({ data }));
    case "run":
      return runBundle(value as ObservableRun);
    case "diagnosis":
      return { data: diagnosisBundle(value as Diagnosis) };
    case "learning rates":
      return learningRateBundle(value as LearningRateCurve);
    case "model":
      return modelBundle(value as LayersModel);
    case "image":
      return { data: { [imageType(value as Uint8Array) as string]: carried(value), "text/plain": plainText(value) } };
    case "plain":
      return { data: { "text/plain": plainText(value) } };
  }
}

/**
 * A value as a MIME bundle, at once wherever its own display method does not make us wait. Undefined for
 * undefined, which a cell without a value has. Never throws.
 */
export function bundleOf(value: unknown): Shown | undefined | Promise<Shown> {
  if (value === undefined) return undefined;
  try {
    const shown = known(value);
    return shown instanceof Promise ? shown.catch((error: unknown) => asText(value, error)) : shown;
  } catch (error) {
    return asText(value, error);
  }
}
