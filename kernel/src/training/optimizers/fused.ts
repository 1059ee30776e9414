import type { FusedRule } from "../../tensorflow/graph";
import type { UpdateRule } from "./rule";

/** By the functions that say the same: a rule made from another, with an update of its own, has no op. */
const known = new WeakMap<UpdateRule["update"], { scalars: UpdateRule["scalars"]; op: FusedRule }>();

/** Notes the op of TensorFlow that has a rule's definition; the two differ by rounding. */
export function withFusedOp(rule: UpdateRule, op: FusedRule): UpdateRule {
  known.set(rule.update, { scalars: rule.scalars, op });
  return rule;
}

/** The op that a compiled step may take instead of the rule's own update. */
export function fusedOpOf({ update, scalars }: UpdateRule): FusedRule | undefined {
  const found = known.get(update);
  return found?.scalars === scalars ? found.op : undefined;
}
