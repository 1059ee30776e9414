/** How good a model is, and whether one approach is better than another. */
export { confusionCounts, confusionMatrix, evaluate } from "./evaluate";
export { compare, comparisons, summary, type Approach, type Comparison } from "./compare";
export { evaluateSlices, slices, wilson, type Groups, type Slice, type SliceOptions } from "./slices";
