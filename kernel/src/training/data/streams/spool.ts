/** What a one-pass stream has given, in a file, so that it can be given again. */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, statfsSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Column } from "../columns";
import type { Dataset } from "../data";
import { megabytes } from "../../steps/feature-store";

interface Place extends Omit<Column, "values"> {
  offset: number;
  length: number;
}
interface Entry {
  rows: number;
  batch: boolean;
  inputs: Place[];
  targets: Place;
  weights: Place | undefined;
  classes: Int32Array | undefined;
}
export interface Part {
  rows: Dataset;
  batch: boolean;
}

/** Parts are read from the stream once, in turn, whoever asks first, and from the file after that. */
export class Spool {
  readonly #iterator: AsyncIterator<Part>;
  readonly #entries: Entry[] = [];
  #file: number | undefined;
  #size = 0;
  #room = 0;
  #done = false;
  #reading: Promise<unknown> = Promise.resolve();

  constructor(iterator: AsyncIterator<Part>) {
    this.#iterator = iterator;
  }

  async *open(): AsyncGenerator<Part, void, void> {
    for (let index = 0; ; index++) {
      if (index >= this.#entries.length && !(await this.#reach(index))) return;
      yield this.#read(this.#entries[index]!);
    }
  }

  async #reach(index: number): Promise<boolean> {
    const turn = this.#reading.then(async () => {
      while (this.#entries.length <= index && !this.#done) {
        const { value, done } = await this.#iterator.next();
        if (done) this.#done = true;
        else this.#write(value as Part);
      }
    });
    this.#reading = turn.catch(() => undefined);
    await turn;
    return this.#entries.length > index;
  }

  #write({ rows: { rows, inputs, targets, weights, classes }, batch }: Part): void {
    this.#file ??= this.#create();
    const place = ({ values, ...column }: Column): Place => {
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      if (this.#size + bytes.length > this.#room) throw new Error(`The stream's spool would take more than ${megabytes(this.#room)}, half of what was free in ${tmpdir()}; give a function that makes the iterable anew for each epoch, and no spool`);
      const offset = this.#size;
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#file!, bytes, done, bytes.length - done, offset + done);
      this.#size += bytes.length;
      return { ...column, offset, length: values.length };
    };
    this.#entries.push({ rows, batch, inputs: inputs.map(place), targets: place(targets), weights: weights && place(weights), classes });
  }

  #read({ rows, batch, inputs, targets, weights, classes }: Entry): Part {
    const take = ({ offset, length, ...column }: Place): Column => {
      const values = column.dtype === "int32" ? new Int32Array(length) : new Float32Array(length);
      const bytes = new Uint8Array(values.buffer);
      for (let done = 0; done < bytes.length; ) {
        const count = readSync(this.#file!, bytes, done, bytes.length - done, offset + done);
        if (count === 0) throw new Error("The stream's spool is shorter than it was written");
        done += count;
      }
      return { ...column, values };
    };
    return { batch, rows: { rows, inputs: inputs.map(take), targets: take(targets), ...(weights && { weights: take(weights) }), ...(classes && { classes }) } };
  }

  #create(): number {
    const { bavail, bsize } = statfsSync(tmpdir());
    this.#room = (bavail * bsize) / 2;
    const folder = mkdtempSync(join(tmpdir(), "thawbook-spool-"));
    const file = openSync(join(folder, "spool"), "wx+", 0o600);
    const remove = () => rmSync(folder, { recursive: true, force: true });
    // A file without a name is gone with the process, however that ends. Windows keeps the name of an open file.
    if (process.platform === "win32") process.once("exit", remove);
    else remove();
    abandoned.register(this, file);
    return file;
  }
}

const abandoned = new FinalizationRegistry<number>((file) => closeSync(file));
