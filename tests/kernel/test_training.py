"""A training run gives way: to an interrupt, and to questions of the editor."""

TRAIN = """
const x = tf.randomNormal([512, 8], 0, 1, "float32", 1);
const y = tf.oneHot(tf.randomUniform([512], 0, 3, "int32", 2), 3);
const model = tf.sequential({ layers: [tf.layers.dense({ units: 16, activation: "relu", inputShape: [8] }), tf.layers.dense({ units: 3, activation: "softmax" })] });
const run = finetune(model, { x, y }, { epochs: 100000, batchSize: 32, seed: 1 });
"""


def test_interrupted_training_keeps_the_model(kernel):
    made = kernel.run(TRAIN)
    assert made.reply["status"] == "ok", made.traceback
    cell = kernel.send("console.log('go'); try { await run.train(); } finally { console.log('finally'); }")
    kernel.wait(cell, until=lambda c: "go" in c.text())
    kernel.wait(cell, until=lambda c: len(c.of("display_data")) > 0)
    assert "floor" in kernel.ask("complete_request", {"code": "Math.", "cursor_pos": 5}, deadline=10)["matches"]
    kernel.ask("interrupt_request", channel="control", deadline=5)
    kernel.wait(cell, deadline=20)
    assert cell.error["ename"] == "KeyboardInterrupt"
    assert "finally" in cell.text()
    assert kernel.run("run.state").result == "'interrupted'"
    assert kernel.run("run.model === model || run.model.layers.length > 0").result == "true"


def test_a_step_that_is_cut_off_leaves_the_run_usable(kernel):
    """A step of seconds is ended from outside, where no `finally` of the run gets its turn."""
    kernel.run(TRAIN)
    slow = kernel.run(
        """
let slowly = true;
const slowLoss = (truth: tf.Tensor, predicted: tf.Tensor): tf.Tensor => {
  if (slowly) { console.log("go"); const end = Date.now() + 30000; while (Date.now() < end); }
  return tf.losses.meanSquaredError(truth, predicted);
};
const slowRun = finetune(model, { x, y }, { epochs: 2, batchSize: 256, loss: slowLoss, seed: 1 });
"""
    )
    assert slow.reply["status"] == "ok", slow.traceback
    cell = kernel.send("await slowRun.train();")
    kernel.wait(cell, until=lambda c: "go" in c.text(), deadline=30)
    kernel.ask("interrupt_request", channel="control", deadline=5)
    kernel.wait(cell, deadline=20)
    assert cell.error["ename"] == "KeyboardInterrupt"
    assert kernel.run("slowRun.state").result == "'interrupted'"
    again = kernel.run("slowly = false; await finetune(model, { x, y }, { epochs: 1, batchSize: 256, loss: slowLoss, seed: 1 }).train(); 'trained'")
    assert again.result == "'trained'", again.traceback
