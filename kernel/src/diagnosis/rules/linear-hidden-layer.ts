import { fixes } from "../fixes";
import type { Evidence } from "../evidence/evidence.types";
import type { Finding } from "../finding.types";

/** A dense or convolution layer without an activation that feeds another one directly (NeuraLint). */
export function linearHiddenLayer({ model }: Evidence): Finding[] {
  return model.layers.flatMap(({ path, linearInto, trainable }): Finding[] =>
    linearInto === undefined || trainable === 0
      ? []
      : [{
          kind: "linear hidden layer",
          severity: "warning",
          what: `${path} has no activation and feeds ${linearInto}.`,
          where: { layers: [path, linearInto] },
          evidence: { parameters: trainable },
          reason: "Two linear layers in a row compute what one can. The first adds weights to train and nothing that the model can express, unless it is a bottleneck by intention.",
          source: "NeuraLint (Nikanjam et al. 2021), rule 'activation of learning layers'",
          fixes: fixes({ what: "Give it an activation.", instead: 'tf.layers.dense({ units: …, activation: "relu" })' }),
        }],
  );
}
