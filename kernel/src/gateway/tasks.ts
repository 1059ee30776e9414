import { NO_TASK, type Task } from "../threads";

const KEPT_SMALL = 4_096;

/**
 * Which request each task belongs to. Kept after the task has ended, since a timer or a promise may still
 * write in its name: for cells always, for comm messages (a slider sends thousands) the latest ones.
 */
export class Tasks {
  readonly #parents = new Map<Task, Uint8Array>();
  readonly #cells = new Map<Task, number>();
  #small: Task[] = [];
  #last = NO_TASK;
  /** The task that output without a name (child processes, native code) is counted to. */
  current = NO_TASK;

  /** @param small a task whose request may be forgotten in time */
  start(parent: Uint8Array, small = false): Task {
    const task = ++this.#last;
    this.#parents.set(task, parent);
    if (small && this.#small.push(task) > KEPT_SMALL) this.#parents.delete(this.#small.shift()!);
    return task;
  }

  /** @param number of the cell that the task is */
  isCell(task: Task, number: number): void {
    this.#cells.set(task, number);
  }

  /** The number of the cell that a task is. */
  cell(task: Task): number | undefined {
    return this.#cells.get(task);
  }

  parent(task: Task): Uint8Array | undefined {
    return this.#parents.get(task);
  }
}
