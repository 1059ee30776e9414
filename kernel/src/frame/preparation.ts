import { inspect } from "node:util";
import type { FittedStep } from "./fit";

const KINDS: readonly string[] = ["fill", "oneHot", "ordinal", "scale"] satisfies FittedStep["kind"][];

/** What `fit` has learned of a frame: plain data (`JSON.stringify(preparation)`), done to any frame by its `prepare`. */
export class Preparation {
  constructor(readonly steps: readonly FittedStep[]) {}

  /** From what `JSON.parse` gives. */
  static of(given: Preparation | readonly FittedStep[]): Preparation {
    if (given instanceof Preparation) return given;
    if (!Array.isArray(given)) throw new TypeError("prepare wants what fit has given, or what JSON.parse makes of it");
    for (const { kind } of given as readonly FittedStep[]) if (!KINDS.includes(kind)) throw new TypeError(`prepare: ${JSON.stringify(kind)} is no step; there are ${KINDS.join(", ")}`);
    return new Preparation(given as readonly FittedStep[]);
  }

  toJSON(): readonly FittedStep[] {
    return this.steps;
  }

  [inspect.custom](): string {
    const said = this.steps.map((step) => {
      if (step.kind === "fill") return `fill ${step.column} with ${step.value}`;
      if (step.kind === "scale") return `scale ${step.column}: minus ${step.minus}, over ${step.over}`;
      return `${step.kind} ${step.column}: ${step.values.slice(0, 8).join(", ")}${step.values.length > 8 ? ", …" : ""}`;
    });
    return `Preparation\n${said.map((line) => `  ${line}`).join("\n")}`;
  }
}
