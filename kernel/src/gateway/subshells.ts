import { randomUUID } from "node:crypto";
import { Executor, type Session } from "./executor";
import type { Message } from "../wire";

/** A page that is refreshed forgets its subshells without deleting them: the oldest idle ones go. */
const MOST = 64;

/** JEP 91: shells beside the main one, whose cells run while a cell of the main shell waits. */
export class Subshells {
  readonly main: Executor;
  readonly #session: Session;
  readonly #others = new Map<string, Executor>();

  constructor(session: Session) {
    this.#session = session;
    this.main = new Executor(session);
  }

  get ids(): string[] {
    return [...this.#others.keys()];
  }

  /** The shell that a request is for; an unknown name (of a subshell that has gone) is the main shell's. */
  of(request: Message): Executor {
    const id = request.header.subshell_id;
    return (typeof id === "string" ? this.#others.get(id) : undefined) ?? this.main;
  }

  all(): Executor[] {
    return [this.main, ...this.#others.values()];
  }

  create(): string {
    if (this.#others.size >= MOST) {
      for (const [id, executor] of this.#others) {
        if (executor.busy) continue;
        this.#others.delete(id);
        break;
      }
    }
    const id = randomUUID();
    this.#others.set(id, new Executor(this.#session));
    return id;
  }

  /** @returns whether there was one */
  delete(id: unknown): boolean {
    return typeof id === "string" && this.#others.delete(id);
  }
}
