import type { Frame } from "./frame";
import { compose } from "./query";
import { from, relation } from "./relation";
import { rename } from "./verbs/columns";
import { groupAgg } from "./verbs/group";
import type { Aggregations } from "./verbs/group";

/** The groups of a frame, to be computed with `agg`. */
export class Groups {
  readonly #frame: Frame;
  readonly #by: readonly string[];

  constructor(frame: Frame, by: readonly string[]) {
    this.#frame = frame;
    this.#by = by;
  }

  /** `agg({ delay: "mean", distance: ["min", "max"] })`: a row a group, sorted by the group. */
  agg(aggregations: Aggregations): Frame {
    return this.#frame.derived(groupAgg(this.#frame.relation, this.#by, aggregations));
  }

  /** Rows of each group, as the column `count`. */
  size(): Frame {
    const { relation: source } = this.#frame;
    const counted = relation(compose`select *, 1 as "__one" from ${from(source)}`, [...source.columns, "__one"]);
    return this.#frame.derived(rename(groupAgg(counted, this.#by, { __one: "count" }), { __one: this.#by.includes("count") ? "size" : "count" }));
  }
}
