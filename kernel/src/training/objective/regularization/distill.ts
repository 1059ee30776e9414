import type { LayersModel, Tensor } from "@tensorflow/tfjs-node";
import { copyModel, forward, weightEntries } from "../../../models";
import { requireTf, softmaxCrossEntropy } from "../../../tensorflow";
import { atLeastZero, positive } from "../../plan/checks";
import { meanOverOutputs } from "../losses";
import type { Regularizer } from "./regularizer";

export interface DistillOptions {
  /** How soft the answers are compared; 2. */
  temperature?: number;
  /**
   * Whose answers are kept; the model's own as the run begins (or the fork that adds it), unless given. One with fewer classes is
   * compared with as many of the first classes of the model that learns: old classes come first.
   */
  teacher?: LayersModel;
}

/**
 * Learning without forgetting (Li and Hoiem 2016): on the new inputs the model goes on answering as it did
 * before. Added to each sample's loss: `strength` times the cross-entropy between the answers, both softened
 * by the temperature, times its square (Hinton et al. 2015); for numbers, the squared difference.
 */
export function distill(strength: number, { temperature = 2, teacher }: DistillOptions = {}): Regularizer {
  atLeastZero("distill: strength", strength);
  positive("distill: temperature", temperature);
  return {
    kind: "distill",
    check(model, loss) {
      if (loss.own) throw new Error("distill wants one of the named losses; it does not know how a function of your own compares answers");
      if (loss.pairs) throw new Error(`distill compares the answers to each sample; ${loss.name} takes pairs. Hold the weights instead, with l2sp`);
      if (!teacher) return;
      if (teacher === model) throw new Error("distill: the teacher is the model that learns; leave it out, and the model as it is now is the teacher");
      const [own, other] = [model.outputs[0]!.shape, teacher.outputs[0]!.shape];
      if (own.length !== other.length || other.at(-1)! > own.at(-1)!) throw new Error(`distill: the teacher ${teacher.name} gives [${other.slice(1).join(", ")}] and ${model.name} [${own.slice(1).join(", ")}]; it may have as many classes or fewer`);
    },
    term({ model, loss, adopt }) {
      const made = teacher ? undefined : copyModel(model);
      const asked = teacher ?? made!;
      adopt("teacher", asked);
      const classes = asked.outputs[0]!.shape.at(-1)!;
      return {
        perSample({ inputs, output }) {
          const tf = requireTf();
          const answers = forward(asked, inputs, { beforeActivation: loss.fromLogits })[0]!;
          const own = output.shape.at(-1) === classes ? output : tf.slice(output, output.shape.map(() => 0), [...output.shape.slice(0, -1), classes]);
          return tf.mul(difference(loss.name, answers, own, temperature), strength);
        },
        dispose: () => made && weightEntries(made).forEach(({ variable }) => variable.dispose()),
      };
    },
  };
}

function difference(loss: string, answers: Tensor, own: Tensor, temperature: number): Tensor {
  const tf = requireTf();
  if (loss === "crossentropy") {
    const soft = tf.softmax(tf.div(answers, temperature));
    const flat = (tensor: Tensor) => tf.reshape(tensor, [-1, tensor.shape.at(-1)!]);
    return tf.mul(tf.reshape(softmaxCrossEntropy(flat(soft), flat(tf.div(own, temperature))), own.shape.slice(0, -1)), temperature ** 2);
  }
  if (loss === "binaryCrossentropy") {
    const soft = tf.sigmoid(tf.div(answers, temperature));
    const logits = tf.div(own, temperature);
    const each = tf.add(tf.sub(tf.relu(logits), tf.mul(logits, soft)), tf.log1p(tf.exp(tf.neg(tf.abs(logits)))));
    return tf.mul(meanOverOutputs(each), temperature ** 2);
  }
  return meanOverOutputs(tf.square(tf.sub(own, answers)));
}
