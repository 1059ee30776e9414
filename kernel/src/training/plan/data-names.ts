import { closestNames } from "../../closest-names";
import type { Samples, TrainingData } from "../data/data";
import type { FrameData } from "../data/frame-data";
import { isSource } from "../data/streams";
import type { StreamData } from "../data/streams";
import type { FinetuneData } from "./options.types";

type Names<T> = Readonly<Record<keyof T, true>>;

const SAMPLES: Names<Samples> = { x: true, y: true, negatives: true, weights: true };
/** What `toTensors` of a frame tells beside `x` and `y`. */
const DESCRIBED = { features: true, classes: true };
const TRAINING: Names<TrainingData> = { ...SAMPLES, validation: true };
const FRAME: Names<FrameData> = { frame: true, label: true, columns: true, validation: true };
const STREAM: Names<StreamData> = { stream: true, validation: true, spool: true };

/** What people know from elsewhere, and how it is called here. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  val: "validation",
  xs: "x",
  inputs: "x",
  ys: "y",
  labels: "y",
  targets: "y",
  sampleWeight: "weights",
  sampleWeights: "weights",
  validationData: "validation: { x, y }",
  validationSplit: "validation: 0.2",
};

/** Data under a wrong name would be left out, and nobody would know. @throws on a name that data does not have */
export function checkDataNames(data: FinetuneData): void {
  if (isSource(data) || Array.isArray(data)) return;
  const known = "frame" in data ? FRAME : "stream" in data ? STREAM : TRAINING;
  check(data, known, "the data");
  const { validation } = data as { validation?: unknown };
  if (typeof validation === "object" && validation !== null && "x" in validation && !isSource(validation)) check(validation, SAMPLES, "validation");
}

function check(given: object, known: object, what: string): void {
  const names = Object.keys(known);
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(known, name) || ("x" in known && Object.hasOwn(DESCRIBED, name))) continue;
    const meant = Object.hasOwn(ELSEWHERE, name) && "x" in known ? `here it is ${ELSEWHERE[name]}` : `the closest names are ${closestNames(name, names).join(", ")}`;
    throw new Error(`"${name}" is not read from ${what}; ${meant}`);
  }
}
