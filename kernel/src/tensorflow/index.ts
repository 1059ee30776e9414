/** The TensorFlow library: loading, ops by name, seeded randomness, hashes. */
export { requireDfd, requireTf, tfLoaded, type Dfd, type Tf } from "./load";
export { executeOp, l2Loss, scoped, softmaxCrossEntropy, tensorflowVersion, type OpAttribute } from "./ops";
export { hash32, permutation, statelessBits, statelessNormal, statelessSeed, statelessUniform, withSeededMathRandom, type RandomSite } from "./random";
export { hashTensor, tensorBytes } from "./hash";
export { declarePure, isOfLibrary } from "./library-classes";
