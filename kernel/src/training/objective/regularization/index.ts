/** What keeps a model from learning the training data by heart, or from forgetting what it knew. */
import { distill } from "./distill";
import { ewc } from "./ewc";
import { l2 } from "./l2";
import { l2sp } from "./l2sp";
import { mixup } from "./mixup";
import { rDrop } from "./r-drop";
import { replay } from "./replay";

/**
 * Methods of regularization, for `finetune`'s `regularize`; several add up.
 *
 * @example
 * const options = { regularize: [regularizers.l2sp(0.01), regularizers.mixup(0.2)] };
 */
export const regularizers = { l2, l2sp, ewc, distill, mixup, rDrop, replay } as const;

export { fisher } from "./fisher";
export type { FisherOptions, Importance } from "./fisher";
export type { DistillOptions } from "./distill";
export type { L2spOptions } from "./l2sp";
export type { BatchStage, Regularizer, StageContext, Term, TermContext, TermPass } from "./regularizer";
