import type { LayerDefinition } from "./definition";
import { activate } from "./gelu";
import type { Activation } from "./gelu";
import { linearWeights, project } from "./linear";

export interface FeedForwardSettings {
  /** Features between the two products. */
  feedForward: number;
  activation: Activation;
}

/** Two products with an activation between, at each token: [batch, time, width] -> [batch, time, width]. */
export const feedForwardDefinition: LayerDefinition<FeedForwardSettings> = {
  className: "FeedForward",
  weights({ feedForward }, [shape]) {
    const width = shape!.at(-1)!;
    return [...linearWeights("intermediate", width, feedForward), ...linearWeights("output", feedForward, width)];
  },
  outputShape: (_settings, [shape]) => shape!,
  compute: ({ activation }, [x], scope) => project(activate(project(x!, scope, "intermediate"), activation), scope, "output"),
};
