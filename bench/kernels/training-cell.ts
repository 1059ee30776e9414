// The head model of the training bench, trained until it is interrupted.
const features = tf.randomNormal([4096, 384], 0, 1, "float32", 1) as tf.Tensor2D;
const labels = tf.range(0, 4096, 1, "int32").mod(10) as tf.Tensor1D;
const head = tf.sequential({
  layers: [
    tf.layers.dense({ inputShape: [384], units: 128, activation: "relu" }),
    tf.layers.dropout({ rate: 0.3 }),
    tf.layers.dense({ units: 10 }),
  ],
});
const benchRun = finetune(head, { x: features, y: labels }, { epochs: 1000, batchSize: 32, learningRate: 1e-3, optimizer: "adamw", seed: 1 });
console.log("training");
await benchRun.train();
