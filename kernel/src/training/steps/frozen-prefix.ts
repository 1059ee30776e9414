import type { LayersModel, Tensor } from "@tensorflow/tfjs-node";
import { cutModel, dropoutSites, forwardPrefix, innerLayers, internals, isNoise, layerEntries, trains, weightEntries } from "../../models";
import type { Cut, Layer, WeightEntry } from "../../models";
import { hashTensor, isOfLibrary, requireTf } from "../../tensorflow";
import { batchOf, disposeBatch } from "../data/data";
import type { Batch, Dataset } from "../data/data";
import { megabytes, openStores } from "./feature-store";
import type { FeatureStore } from "./feature-store";
import { trainingLayers } from "../freezing/modes";
import type { FrozenBatchNorm } from "../freezing/modes";

/**
 * Samples that go through the prefix together. They are the same for ever: sample 0 to 15, 16 to 31, …, because how a
 * product is rounded may depend on the samples beside it, and what a step sees must not depend on the steps before.
 */
const CHUNK = 16;

export interface PrefixOptions {
  cache: "auto" | "disk";
  /** Bytes of memory. */
  memory?: number | undefined;
  /** Why the inputs themselves are needed at every step, where they are. */
  obstacle?: string | undefined;
  /** A normalization that was told to move belongs to no prefix. */
  frozenBatchNorm?: FrozenBatchNorm | undefined;
  /** The data whose caching is told. */
  training: Dataset;
  /** Told what is cached, and where it cannot be, why. */
  note: (text: string) => void;
}

/** What is known of one dataset. */
interface Features {
  stores: FeatureStore[];
  shapes: { shape: number[]; dtype: "float32" | "int32" }[];
  known: Uint8Array;
  left: number;
  /** How many prefixes use them: that of a run, and those of its forks. */
  users: number;
}

/**
 * Everything below the lowest weight that trains gives the same for the same sample at every step: it is computed once
 * for each sample, when a step first needs it, and kept. Layers there are in inference mode; what is not, a dropout or a normalization
 * that moves, is no part of it.
 */
export class FrozenPrefix {
  readonly #model: LayersModel;
  readonly #options: PrefixOptions;
  readonly #weights: readonly WeightEntry[];
  /** By the data's inputs: targets and weights may be exchanged. */
  readonly #features = new Map<Dataset["inputs"], Features>();
  readonly #said = new Set<string>();
  #cut: { trained: string; cut: Cut | undefined; weights: readonly WeightEntry[] } | undefined;
  /** What the features belong to. */
  #valid: { cut: Cut; tensors: readonly object[]; hash: string } | undefined;
  #refused: string | undefined;
  /** Of the run that this one was forked from, as long as they are its own too. */
  #inherited: { key: string; hash: string; features: Map<Dataset["inputs"], Features> } | undefined;

  constructor(model: LayersModel, options: PrefixOptions) {
    this.#model = model;
    this.#options = options;
    this.#weights = weightEntries(model);
  }

  /** The batch with the prefix's values in place of its inputs, for the receiver to dispose; or undefined where nothing is cached. */
  apply(batch: Batch): Batch | undefined {
    const asked = this.#asked(batch.from);
    const features = asked && this.#fill(asked);
    if (!features) return undefined;
    const { cut, rows } = asked!;
    const tf = requireTf();
    const values = new Map(cut.frontier.map((name, index) => {
      const { shape, dtype } = features.shapes[index]!;
      const width = shape.reduce((product, n) => product * n, 1);
      const made = dtype === "int32" ? new Int32Array(rows.length * width) : new Float32Array(rows.length * width);
      rows.forEach((row, position) => features.stores[index]!.read(row, made, position * width));
      return [name, tf.tensor(made, [rows.length, ...shape], dtype)];
    }));
    return { ...batch, inputs: [...values.values()], tail: cut, targets: batch.targets.clone(), weights: batch.weights?.clone() };
  }

  /**
   * Computes for some samples what is not known yet, 16 at a time.
   *
   * @param between called after each 16 with how many samples are known, and of how many
   */
  async prepare(from: NonNullable<Batch["from"]>, between: (known: number, rows: number) => Promise<void>): Promise<void> {
    for (;;) {
      const asked = this.#asked(from);
      const missing = asked && this.#missing(asked.data, asked.rows);
      if (!asked || missing!.length === 0) return;
      const { data } = asked;
      const first = missing![0]! * CHUNK;
      const features = this.#fill({ ...asked, rows: Int32Array.of(first) });
      if (!features) return;
      await between(Math.min(data.rows, features.known.reduce((sum, each) => sum + each, 0) * CHUNK), data.rows);
    }
  }

  /** Takes over what another has computed with the same weights for the same samples; the two go on filling it together. */
  share(other: FrozenPrefix): void {
    if (!other.#valid) return;
    const { cut, hash } = other.#valid;
    this.#inherited = { key: cut.key, hash, features: new Map(other.#features) };
    this.#inherited.features.forEach((features) => (features.users += 1));
  }

  dispose(): void {
    this.#forget();
    this.#cut = this.#valid = undefined;
  }

  /** What a batch wants of the prefix; undefined where nothing is cached. */
  #asked(from: Batch["from"]): { cut: Cut; data: Dataset; rows: Int32Array } | undefined {
    const cut = this.#present();
    if (!cut) return undefined;
    const obstacle = this.#options.obstacle ?? (from ? undefined : "the samples are made anew at every step");
    if (obstacle === undefined) return { cut, ...originOf(from!) };
    this.#refuse(cut, obstacle);
    return undefined;
  }

  /** The cut that holds now, its features valid; undefined where there is nothing to cache. */
  #present(): Cut | undefined {
    const trained = this.#weights.filter(trains).map(({ path }) => path).join("\n");
    if (this.#cut?.trained !== trained) {
      const cut = prefixCut(this.#model, this.#options.frozenBatchNorm);
      const weights = this.#weights.filter(({ owner }) => cut.layers.includes(owner.layer));
      this.#cut = { trained, cut: weights.length > 0 && cut.frontier.length > 0 ? cut : undefined, weights };
    }
    const { cut } = this.#cut;
    if (!cut || this.#refused === cut.key) return undefined;
    const own = this.#cut.weights.map(({ variable }) => variable.read());
    const tensors = own.map(({ dataId }) => dataId);
    if (this.#valid?.cut.key === cut.key && tensors.every((tensor, index) => tensor === this.#valid!.tensors[index])) return cut;
    // Weights that were put back are other tensors with the same values.
    const hash = own.map(hashTensor).join();
    const inherits = this.#valid === undefined && this.#inherited?.key === cut.key && this.#inherited.hash === hash;
    if (!inherits && (this.#valid?.cut.key !== cut.key || this.#valid.hash !== hash)) this.#forget();
    this.#valid = { cut, tensors, hash };
    return cut;
  }

  /** What is known of these samples, here or in the run that this one was forked from. */
  #known({ inputs }: Dataset): Features | undefined {
    const own = this.#features.get(inputs);
    if (own || !this.#inherited) return own;
    for (const [other, features] of this.#inherited.features) {
      if (!sameSamples(other, inputs)) continue;
      this.#inherited.features.delete(other);
      this.#features.set(inputs, features);
      return features;
    }
    return undefined;
  }

  /** Of these rows the 16s that are not known. */
  #missing(data: Dataset, rows: Int32Array): number[] {
    const known = this.#known(data)?.known;
    return [...new Set(Array.from(rows, (row) => Math.floor(row / CHUNK)))].filter((chunk) => !known?.[chunk]).sort((a, b) => a - b);
  }

  /** Makes sure that the features of these rows are there. */
  #fill({ cut, data, rows }: { cut: Cut; data: Dataset; rows: Int32Array }): Features | undefined {
    const missing = this.#missing(data, rows);
    const known = this.#known(data);
    if (missing.length === 0) return known;
    let features = known;
    for (const chunk of missing) {
      const values = this.#compute(cut, data, chunk);
      if (!values) return undefined;
      if (!features) {
        features = this.#open(cut, data, values);
        if (features) this.#features.set(data.inputs, features);
      }
      if (features) {
        values.forEach((tensor, index) => keepRows(features!.stores[index]!, tensor, chunk * CHUNK));
        features.known[chunk] = 1;
        features.left -= 1;
      }
      values.forEach((tensor) => tensor.dispose());
      if (!features) return undefined;
    }
    if (features!.left === 0 && data.inputs === this.#options.training.inputs) this.#tellFilled(cut, data, features!);
    return features;
  }

  #compute(cut: Cut, data: Dataset, chunk: number): Tensor[] | undefined {
    const tf = requireTf();
    const first = chunk * CHUNK;
    const batch = batchOf(data, Int32Array.from({ length: Math.min(CHUNK, data.rows - first) }, (_, index) => first + index));
    const run = () => tf.tidy(() => forwardPrefix(this.#model, batch.inputs, cut).map((tensor) => tensor.clone()));
    try {
      const values = run();
      const odd = values.find(({ dtype }) => dtype !== "float32" && dtype !== "int32");
      let reason = odd && `a layer there gives values of type ${odd.dtype}`;
      if (this.#features.size === 0 && !reason) {
        const again = run();
        if (!again.every((tensor, index) => hashTensor(tensor) === hashTensor(values[index]!))) reason = "it gives something else for the same sample each time";
        again.forEach((tensor) => tensor.dispose());
      }
      if (!reason) return values;
      values.forEach((tensor) => tensor.dispose());
      this.#refuse(cut, reason);
    } catch (error) {
      this.#refuse(cut, error instanceof Error ? error.message : String(error));
    } finally {
      disposeBatch(batch);
    }
    return undefined;
  }

  #open(cut: Cut, data: Dataset, values: readonly Tensor[]): Features | undefined {
    const shapes = values.map(({ shape, dtype }) => ({ shape: shape.slice(1), dtype: dtype as "float32" | "int32" }));
    const requests = shapes.map(({ shape, dtype }) => ({ rows: data.rows, width: shape.reduce((product, n) => product * n, 1), dtype }));
    const used = [...this.#features.values()].flatMap(({ stores }) => stores).reduce((sum, { bytes, place }) => sum + (place === "memory" ? bytes : 0), 0);
    const { cache, memory } = this.#options;
    const stores = openStores(requests, cache === "disk" ? 0 : memory === undefined ? undefined : Math.max(0, memory - used));
    if (typeof stores === "string") {
      this.#refuse(cut, stores);
      return undefined;
    }
    const chunks = Math.ceil(data.rows / CHUNK);
    return { stores, shapes, known: new Uint8Array(chunks), left: chunks, users: 1 };
  }

  #tellFilled(cut: Cut, data: Dataset, { stores }: Features): void {
    const bytes = stores.reduce((sum, store) => sum + store.bytes, 0);
    this.#say(`cached what ${this.#names(cut)} give${cut.last.length > 1 ? "" : "s"} for ${data.rows.toLocaleString("en-US")} samples: ${megabytes(bytes)} ${stores[0]!.place === "disk" ? "on disk" : "in memory"}`);
  }

  #refuse(cut: Cut, reason: string): void {
    this.#refused = cut.key;
    this.#forget();
    this.#say(`what ${this.#names(cut)} give${cut.last.length > 1 ? "" : "s"} is computed at every step, not cached: ${reason}`);
  }

  #names({ last }: Cut): string {
    const paths = new Map(layerEntries(this.#model).map(({ layer, path }) => [layer, path]));
    const names = [...new Set(last.map((layer) => paths.get(layer) ?? layer.name))];
    return names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");
  }

  #say(text: string): void {
    if (this.#said.has(text)) return;
    this.#said.add(text);
    this.#options.note(text);
  }

  #forget(): void {
    for (const features of [...this.#features.values(), ...(this.#inherited?.features.values() ?? [])]) {
      features.users -= 1;
      if (features.users === 0) features.stores.forEach((store) => store.close());
    }
    this.#features.clear();
    this.#inherited = undefined;
  }
}

/** What gives the same at every step, and what does not. */
export function prefixCut(model: LayersModel, frozenBatchNorm?: FrozenBatchNorm): Cut {
  const training = trainingLayers(model, frozenBatchNorm);
  return cutModel(model, (layer) => training.has(layer) && movesWhileTraining(layer));
}

/** Whether a layer in training mode gives something else than at rest, or than at the step before. */
function movesWhileTraining(layer: Layer): boolean {
  const { _trainableWeights, _nonTrainableWeights } = internals(layer);
  const weights = _trainableWeights.length + _nonTrainableWeights.length + innerLayers(layer).length;
  return weights > 0 || isNoise(layer) || Object.keys(dropoutSites(layer)).length > 0 || !isOfLibrary(layer);
}

function sameSamples(a: Dataset["inputs"], b: Dataset["inputs"]): boolean {
  const bytes = ({ values }: Dataset["inputs"][number]) => Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return a === b || (a.length === b.length && a.every((column, index) => column.dtype === b[index]!.dtype && column.shape.join() === b[index]!.shape.join() && bytes(column).equals(bytes(b[index]!))));
}

/** A selection's rows are looked up where they come from, so that a sample is computed once. */
function originOf({ data, rows }: { data: Dataset; rows: Int32Array }): { data: Dataset; rows: Int32Array } {
  const { origin } = data;
  return origin ? originOf({ data: origin.data, rows: rows.map((row) => origin.rows[row]!) }) : { data, rows };
}

function keepRows(store: FeatureStore, tensor: Tensor, first: number): void {
  const values = tensor.dataSync() as Float32Array;
  const width = values.length / tensor.shape[0]!;
  for (let row = 0; row < tensor.shape[0]!; row++) store.write(first + row, values.subarray(row * width, (row + 1) * width));
}
