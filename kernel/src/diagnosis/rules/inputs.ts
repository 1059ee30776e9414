import { fixes } from "../fixes";
import { figure, plural } from "../words";
import type { Evidence } from "../evidence/evidence.types";
import type { Finding } from "../finding.types";
import type { Thresholds } from "../thresholds";

/** Inputs far from the size that initial and pretrained weights are made for, about 1 (UMLAUT; LeCun et al. 1998). */
export function inputsNotScaled({ data, model }: Evidence, { inputs: limits }: Thresholds): Finding[] {
  if (model.scalesInputs) return [];
  return data.inputs.flatMap((input, index): Finding[] => {
    if (input.dtype !== "float32" || input.indices || !(input.largest > 0)) return [];
    const large = input.largest > limits.largest;
    if (!large && !(input.largest < limits.smallest)) return [];
    const pixels = input.min >= 0 && input.max <= 255 && input.max > 100;
    const which = data.inputs.length > 1 ? `x[${index}]` : "x";
    return [{
      kind: "inputs not scaled",
      severity: "problem",
      what: large
        ? `${which} lies between ${figure(input.min)} and ${figure(input.max)}: ${plural(input.large, "feature")} of ${input.features} ${input.large === 1 ? "has" : "have"} a size above ${figure(limits.largest)}.`
        : `${which} lies between ${figure(input.min)} and ${figure(input.max)}: its largest feature has a size of ${figure(input.largest)}.`,
      where: {},
      evidence: { min: input.min, max: input.max, largest: input.largest, smallest: input.smallest, features: input.features, largeFeatures: input.large },
      reason: "Weights are made for inputs of a size about 1, and pretrained ones for the range that they were trained on. Larger inputs make activations and gradients larger in proportion, so that steps are too long in some directions and too short in others.",
      source: "UMLAUT (Schoop et al. 2021), input range; LeCun et al. 1998, Efficient BackProp",
      fixes: fixes(
        pixels
          ? { what: "Bring pixels to 0 to 1, or to the range that the pretrained model wants.", instead: `const scaled = ${which}.map((value) => value / 255); // then finetune(model, { x: scaled, … })` }
          : { what: "Bring each feature to mean 0 and deviation 1, by the training rows' figures.", instead: `const { mean, variance } = tf.moments(x, 0); const scaled = x.sub(mean).div(variance.sqrt().add(1e-6)); // then finetune(model, { x: scaled, … })` },
      ),
    }];
  });
}
