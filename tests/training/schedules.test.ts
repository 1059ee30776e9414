import { expect, it } from "vitest";
import { finetune, schedules } from "../../kernel/lib/training/index.js";
import type { Schedule } from "../../kernel/lib/training/index.js";
import { smallCnn, stripes } from "./small.js";

const at = (schedule: Schedule, steps: number) => Array.from({ length: steps }, (_, step) => Number(schedule({ step, steps, stepsPerEpoch: 5, history: [], monitor: { name: "loss", better: "lower" } }).toFixed(4)));

it.each<[string, Schedule, number[]]>([
  ["constant", schedules.constant(), [1, 1, 1, 1, 1, 1]],
  ["constant with a warm-up in steps", schedules.constant({ warmup: 2 }), [0.3333, 0.6667, 1, 1, 1, 1]],
  ["linear", schedules.linear(), [1, 0.8333, 0.6667, 0.5, 0.3333, 0.1667]],
  ["linear to a half, with a warm-up as a share", schedules.linear({ warmup: 1 / 3, final: 0.5 }), [0.3333, 0.6667, 1, 0.875, 0.75, 0.625]],
  ["cosine", schedules.cosine(), [1, 0.933, 0.75, 0.5, 0.25, 0.067]],
  ["one cycle", schedules.oneCycle({ rise: 0.5 }), [0.04, 0.52, 1, 0.75, 0.25, 0]],
  ["slanted triangular", schedules.slantedTriangular({ rise: 0.5, ratio: 32 }), [0.0313, 0.3542, 0.6771, 1, 0.6771, 0.3542]],
])("%s", (_name, schedule, expected) => {
  expect(at(schedule, 6)).toEqual(expected);
});

/** The factor in each epoch, given what was measured at the ends of those before. */
const over = (schedule: Schedule, losses: number[]) => losses.map((_, epoch) => {
  const history = losses.slice(0, epoch).map((loss, index) => ({ epoch: index + 1, step: 5 * (index + 1), seconds: 0, learningRate: 1, metrics: { loss } }));
  return Number(schedule({ step: 5 * epoch, steps: 100, stepsPerEpoch: 5, history, monitor: { name: "loss", better: "lower" } }).toFixed(6));
});

it.each<[string, Schedule, number[], number[]]>([
  // As keras.callbacks.ReduceLROnPlateau(patience=2, factor=0.5, min_delta=0.01) sets the rate after each epoch.
  ["after patience without improvement, and again", schedules.plateau({ factor: 0.5, minDelta: 0.01 }), [1, 0.8, 0.9, 0.795, 0.791, 0.8, 0.7, 0.7, 0.7, 0.7], [1, 1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125]],
  ["never below the final factor", schedules.plateau({ patience: 1, factor: 0.1, final: 0.05 }), [1, 1, 1, 1], [1, 1, 0.1, 0.05]],
])("plateau: %s", (_name, schedule, losses, expected) => {
  expect(over(schedule, losses)).toEqual(expected);
});

it("a run that is rewound comes to the same plateaus", async () => {
  const options = { epochs: 5, batchSize: 6, learningRate: 0.3, optimizer: "sgd", schedule: schedules.plateau({ patience: 1, factor: 0.5, minDelta: 0.2 }) } as const;
  const run = finetune(smallCnn(), stripes(12), options);
  await run.train();
  const rates = [...run.steps.learningRate];
  expect(rates.at(-1)).toBeLessThan(0.3);
  await run.rewind({ step: 3 });
  await run.train();
  expect(run.steps.learningRate).toEqual(rates);
});

it("a run follows its schedule", async () => {
  const run = finetune(smallCnn(), stripes(12), { epochs: 3, batchSize: 6, learningRate: 0.01, schedule: schedules.linear() });
  await run.train();
  expect(run.steps.learningRate.map((rate) => Number(rate.toFixed(5)))).toEqual([0.01, 0.00833, 0.00667, 0.005, 0.00333, 0.00167]);
});
