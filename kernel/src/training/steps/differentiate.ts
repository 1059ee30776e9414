import type { Scalar, Tensor, Variable } from "@tensorflow/tfjs-node";
import { requireTf } from "../../tensorflow";
import type { Loss } from "../objective/losses";

/**
 * The value of a loss and its gradients, by the names of the variables.
 *
 * @throws where nothing comes through, with the op at which it ends
 */
export function variableGrads(value: () => Scalar, variables: Variable[], { own, name }: Loss): { value: Scalar; grads: Record<string, Tensor> } {
  try {
    return requireTf().variableGrads(value, variables);
  } catch (error) {
    const message = error instanceof Error ? error.message : "";
    const where = own ? `The loss function ${name}, or a layer of your own,` : "A layer of the model";
    const op = /gradient function not found for (\w+)/.exec(message)?.[1];
    if (op !== undefined) throw new Error(`${where} holds ${op}, an op without a gradient, on the way from the weights to the loss: nothing could be learned through it. Use smooth ops there (tf.sigmoid(tf.mul(k, x)) for tf.greater(x, 0)), or apply ${op} to the targets alone`, { cause: error });
    if (message.startsWith("Cannot find a connection")) throw new Error(`${own ? `The value of the loss function ${name}` : "The loss"} does not depend on any weight that trains: compute it from the outputs with ops of tf`, { cause: error });
    throw error;
  }
}
