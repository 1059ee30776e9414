// Loads the addon and computes with it, in a process of its own: a library that does not fit may end it.
const util = require("node:util");

// tfjs-node calls two functions that Node 23 removed.
util.isArray ??= Array.isArray;
util.isNullOrUndefined ??= (value) => value === null || value === undefined;

const tf = require("@tensorflow/tfjs-node");
const [sum] = tf.sum(tf.ones([2, 2])).dataSync();
if (tf.getBackend() !== "tensorflow" || sum !== 4) throw new Error(`TensorFlow answers ${sum} on backend ${tf.getBackend()}, not 4 on tensorflow`);
