/**
 * What tfjs spells out at length, in fewer ops: a dense layer's product arrives as two reshapes to
 * [1, m, k], a batched product and a reshape back. The values stay the same to the bit.
 */
import { attribute, DataTypes } from "./builder";
import type { Attribute, GraphBuilder } from "./builder";
import type { Output } from "./native";

const sameShape = (a: readonly number[], b: readonly number[]) => a.length === b.length && a.every((size, index) => size === b[index]);

export class Simplifier {
  /** A reshape's result -> what was reshaped, whatever the number of reshapes between. */
  private readonly sources = new Map<Output, Output>();

  constructor(private readonly graph: GraphBuilder) {}

  /** The op's outputs in fewer ops, or undefined where there is nothing to simplify. */
  add(type: string, inputs: readonly Output[], attributes: readonly Attribute[]): Output[] | undefined {
    if (type === "Reshape") return this.reshapeOp(inputs[0]!, inputs[1]!);
    if (type === "BatchMatMulV2") return this.product(inputs[0]!, inputs[1]!, attributes);
    return undefined;
  }

  private reshapeOp(input: Output, shape: Output): Output[] | undefined {
    const values = this.graph.constantValues(shape);
    if (!(values instanceof Int32Array) || values.some((size) => size < 0)) return undefined;
    return [this.reshape(input, [...values])];
  }

  private reshape(input: Output, shape: readonly number[]): Output {
    if (sameShape(this.graph.shape(input), shape)) return input;
    const source = this.sources.get(input) ?? input;
    if (sameShape(this.graph.shape(source), shape)) return source;
    const target = this.graph.constant(DataTypes.int32, [shape.length], Int32Array.from(shape));
    const result = this.graph.add("Reshape", [source, target], [attribute.type("T", this.graph.dtype(source)), attribute.type("Tshape", DataTypes.int32)])[0]!;
    this.sources.set(result, source);
    return result;
  }

  private product(a: Output, b: Output, attributes: readonly Attribute[]): Output[] | undefined {
    const [left, right] = [this.graph.shape(a), this.graph.shape(b)];
    const batched = [...left.slice(0, -2), ...right.slice(0, -2)].some((size) => size !== 1);
    if (batched || left.length < 2 || right.length < 2 || this.graph.dtype(a) !== DataTypes.float32) return undefined;
    const flag = (name: string) => attributes.some((each) => each.name === name && each.value === true);
    const result = this.graph.add(
      "MatMul",
      [this.reshape(a, left.slice(-2)), this.reshape(b, right.slice(-2))],
      [attribute.bool("transpose_a", flag("adj_x")), attribute.bool("transpose_b", flag("adj_y")), attribute.type("T", DataTypes.float32)],
    )[0]!;
    const rank = Math.max(left.length, right.length);
    return [rank === 2 ? result : this.reshape(result, [...Array.from({ length: rank - 2 }, () => 1), ...this.graph.shape(result)])];
  }
}
