/** Real runs and a front end that writes down what it is sent, for the tests of this room. */

import { finetune, type Run } from "../../kernel/lib/training/index.js";
import { requireTf } from "../../kernel/lib/tensorflow/index.js";
import type { Comm, Frontend, Shown } from "../../kernel/lib/display/index.js";
import type { RunView } from "../../kernel/lib/display/views.js";

/** Two noisy moons' poorer cousins: points on both sides of a line, from a fixed generator. */
export function points(count: number): { x: number[][]; y: number[] } {
  let state = 42;
  const random = (): number => (state = (state * 1664525 + 1013904223) % 4294967296) / 4294967296;
  const x = Array.from({ length: count }, () => [random(), random()]);
  return { x, y: x.map(([a, b]) => Number((a as number) + 0.3 * random() > (b as number))) };
}

/** A small net whose first layer is frozen, and a run of `epochs` times 8 steps. */
export function smallRun(epochs: number): Run {
  const tf = requireTf();
  const model = tf.sequential({
    name: "little-net",
    layers: [tf.layers.dense({ name: "below", units: 8, activation: "relu", inputShape: [2] }), tf.layers.dense({ name: "head", units: 2, activation: "softmax" })],
  });
  model.layers[0]!.trainable = false;
  const { x, y } = points(160);
  return finetune(model, { x: x.slice(0, 128), y: y.slice(0, 128), validation: { x: x.slice(128), y: y.slice(128) } }, { epochs, batchSize: 16, learningRate: 0.05, seed: 3 });
}

export interface Sent {
  shown: Shown;
  displayId?: string;
  update?: boolean;
}

export class FakeComm implements Comm {
  readonly sent: { kind: string; view: RunView; output?: Record<string, unknown> }[] = [];
  private hears: (data: unknown) => void = () => undefined;
  private closes: (data: unknown) => void = () => undefined;
  constructor(readonly id: string) {}
  send(data: unknown): void {
    this.sent.push(structuredClone(data) as (typeof this.sent)[number]);
  }
  close(): void {}
  onMessage(listener: (data: unknown) => void): void {
    this.hears = listener;
  }
  onClose(listener: (data: unknown) => void): void {
    this.closes = listener;
  }
  /** As the page sends it. */
  say(data: unknown): void {
    this.hears(data);
  }
  leave(): void {
    this.closes(undefined);
  }
}

export class FakeFrontend implements Frontend {
  readonly sent: Sent[] = [];
  cell: string | undefined = "cell-1";
  cleared: boolean[] = [];
  private opened: (comm: Comm, data: unknown) => void = () => undefined;

  display(shown: Shown, options: { displayId?: string; update?: boolean } = {}): void {
    this.sent.push({ shown: structuredClone(shown), ...options });
  }
  clear(wait: boolean): void {
    this.cleared.push(wait);
  }
  readonly streamed: string[] = [];
  stream(_name: string, text: string): void {
    this.streamed.push(text);
  }
  registerCommTarget(_target: string, opened: (comm: Comm, data: unknown) => void): void {
    this.opened = opened;
  }
  openComm(): Comm {
    return new FakeComm("kernel");
  }
  currentCell(): string | undefined {
    return this.cell;
  }
  /** A page opens the comm of a run's chart. */
  page(run: string, lastStep: number): FakeComm {
    const comm = new FakeComm(`page-${run}`);
    this.opened(comm, { run, lastStep });
    return comm;
  }
}
