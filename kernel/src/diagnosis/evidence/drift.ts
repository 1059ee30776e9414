import type { Column, Dataset } from "../../training";
import { cramersV, ksChance, ksDistance } from "../statistics";
import type { DriftEvidence } from "./evidence.types";
import { countsOf, spread } from "./rows";

/** Rows of each set and features that are compared. */
const ROWS = 1000;
const FEATURES = 32;
const WORST = 5;

/** How far targets and inputs of two sets lie apart. */
export function driftBetween(training: Dataset, validation: Dataset): DriftEvidence {
  const n = Math.min(ROWS, training.rows);
  const m = Math.min(ROWS, validation.rows);
  const features = training.inputs.flatMap((column, index) => (column.dtype === "float32" && validation.inputs[index]!.rowSize === column.rowSize ? [{ a: column, b: validation.inputs[index]! }] : []))[0];
  return { label: labelDrift(training, validation, n, m), features: features && featureDrift(features.a, features.b, training.rows, validation.rows, n, m) };
}

function labelDrift(training: Dataset, validation: Dataset, n: number, m: number): DriftEvidence["label"] {
  if (training.classes && validation.classes) {
    const units = training.targets.rowSize;
    // Under independence n V^2 is chi square with classes - 1 degrees of freedom; its 99% point by Wilson and Hilferty.
    const freedom = Math.max(1, units - 1);
    const chi = freedom * (1 - 2 / (9 * freedom) + 2.326 * Math.sqrt(2 / (9 * freedom))) ** 3;
    return { measure: "Cramér's V", value: cramersV(countsOf(training.classes, units), countsOf(validation.classes, units)), chance: Math.sqrt(Math.max(0, chi - freedom) / (training.rows + validation.rows)) };
  }
  return { measure: "Kolmogorov-Smirnov distance", value: ksDistance(one(training.targets, 0, training.rows), one(validation.targets, 0, validation.rows)), chance: ksChance(n, m) };
}

function featureDrift(a: Column, b: Column, rowsA: number, rowsB: number, n: number, m: number): NonNullable<DriftEvidence["features"]> {
  const checked = [...spread(a.rowSize, 1, FEATURES, FEATURES)];
  const values = checked.map((feature) => ({ feature, value: ksDistance(one(a, feature, rowsA), one(b, feature, rowsB)) }));
  return { checked: checked.length, chance: ksChance(n, m, checked.length), worst: values.sort((x, y) => y.value - x.value).slice(0, WORST) };
}

/** A feature of rows spread evenly. */
function one({ values, rowSize }: Column, feature: number, rows: number): Float64Array {
  const looked = spread(rows, 1, ROWS, ROWS);
  const made = new Float64Array(looked.length);
  for (let index = 0; index < looked.length; index++) made[index] = values[looked[index]! * rowSize + feature]!;
  return made;
}
