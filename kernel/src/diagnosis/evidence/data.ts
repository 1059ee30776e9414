import { asContainer, classOf, layerCalls, type LayersModel } from "../../models";
import type { Column, Dataset } from "../../training";
import { driftBetween } from "./drift";
import { leaksBetween } from "./leaks";
import { countsOf, spread } from "./rows";
import type { DataEvidence, InputEvidence } from "./evidence.types";

/** Numbers that are looked at for an input's range, at most. */
const LOOKED = 5e6;
/** A feature above this size is large. */
const LARGE = 20;

const known = new WeakMap<Dataset, DataEvidence>();

/** What the data are like; found once for a dataset, which does not change while its run lives. */
export function dataEvidence(model: LayersModel, training: Dataset, validation: Dataset | undefined): DataEvidence {
  const before = known.get(training);
  if (before) return before;
  const indices = indexInputs(model);
  const { targets, classes } = training;
  const [min, max] = range(targets.values, targets.rowSize);
  const made: DataEvidence = {
    training: training.rows,
    validation: validation?.rows ?? 0,
    inputs: training.inputs.map((column, index) => inputEvidence(column, training.rows, indices.has(index))),
    targets: { classes: classes && countsOf(classes, targets.rowSize), min, max },
    leak: validation && leaksBetween(training, validation),
    drift: validation && driftBetween(training, validation),
  };
  known.set(training, made);
  return made;
}

function inputEvidence({ values, rowSize, dtype }: Column, rows: number, indices: boolean): InputEvidence {
  const looked = spread(rows, rowSize, 2000, LOOKED);
  const squares = new Float64Array(rowSize);
  let min = Infinity;
  let max = -Infinity;
  for (const row of looked) {
    for (let feature = 0; feature < rowSize; feature++) {
      const value = values[row * rowSize + feature]!;
      squares[feature]! += value * value;
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  const sizes = squares.map((sum) => Math.sqrt(sum / looked.length));
  const there = sizes.filter((size) => size > 0);
  return {
    dtype,
    indices,
    features: rowSize,
    min,
    max,
    smallest: there.reduce((a, b) => Math.min(a, b), Infinity),
    largest: there.reduce((a, b) => Math.max(a, b), 0),
    large: there.filter((size) => size > LARGE).length,
  };
}

function range(values: Float32Array | Int32Array, rowSize: number): [number, number] {
  let min = Infinity;
  let max = -Infinity;
  for (const row of spread(values.length / rowSize, rowSize, Infinity, LOOKED)) {
    for (let at = row * rowSize; at < (row + 1) * rowSize; at++) {
      min = Math.min(min, values[at]!);
      max = Math.max(max, values[at]!);
    }
  }
  return [min, max];
}

/** The model's inputs that go into a table of embeddings. */
function indexInputs(model: LayersModel): Set<number> {
  const intoTable = (container: ReturnType<typeof asContainer>, tensor: unknown): boolean =>
    layerCalls(container!).some(({ layer, node }) => {
      const at = node.inputTensors.findIndex((input) => input === tensor);
      if (at === -1) return false;
      const nested = asContainer(layer);
      return nested ? intoTable(nested, nested.inputs[at]) : /Embedding/.test(classOf(layer));
    });
  return new Set(model.inputs.flatMap((tensor, index) => (intoTable(asContainer(model), tensor) ? [index] : [])));
}
