import { receiveMessageOnPort, type MessagePort } from "node:worker_threads";
import { Flag, type Answer, type Flags } from "../threads";
import { currentTask } from "./attribution";
import type { GatewayPort } from "./gateway-port";
import type { InterruptState } from "./interrupt";

/** Asks the person at the front end. Main waits, as it does in a browser's `prompt`; an interrupt ends the wait. */
export class Input {
  readonly #gateway: GatewayPort;
  readonly #flags: Flags;
  readonly #answers: MessagePort;
  readonly #interrupts: InterruptState;
  readonly #allowed: (task: number) => boolean;

  /** @param allowed whether the cell's front end takes questions */
  constructor(gateway: GatewayPort, flags: Flags, answers: MessagePort, interrupts: InterruptState, allowed: (task: number) => boolean) {
    this.#gateway = gateway;
    this.#flags = flags;
    this.#answers = answers;
    this.#interrupts = interrupts;
    this.#allowed = allowed;
  }

  /**
   * @throws Error where nobody can answer
   * @throws KeyboardInterrupt
   */
  ask(prompt: string, password = false): string {
    const task = currentTask();
    if (!this.#allowed(task)) throw new Error(`nobody can answer ${JSON.stringify(prompt)}: this front end takes no input (allow_stdin is false), or the cell has ended`);
    // answers that came too late for an earlier question
    while (receiveMessageOnPort(this.#answers) !== undefined);
    let before = Atomics.load(this.#flags, Flag.answers);
    this.#gateway.tell({ kind: "ask", task, prompt, password });
    for (;;) {
      Atomics.wait(this.#flags, Flag.answers, before, 1_000);
      this.#interrupts.throwIfPending();
      before = Atomics.load(this.#flags, Flag.answers);
      const answer = receiveMessageOnPort(this.#answers) as { message: Answer } | undefined;
      if (answer?.message.value !== undefined) return answer.message.value;
    }
  }
}
