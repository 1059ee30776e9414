"""A watched run tells what goes wrong in the cell that trains it, and a diagnosis shows itself."""

FAULTY = """
const x = tf.mul(tf.randomNormal([200, 8], 0, 1, "float32", 1), 200);
const y = tf.randomUniform([200], 0, 3, "int32", 2);
const model = tf.sequential({ name: "net", layers: [tf.layers.dense({ units: 16, activation: "relu", inputShape: [8] }), tf.layers.dense({ units: 3, activation: "softmax" })] });
const run = finetune(model, { x, y, validation: 0.2 }, { epochs: 2, seed: 1, watch: true });
await run.train();
"""


def test_findings_are_told_in_the_cell_and_shown(kernel):
    cell = kernel.run(FAULTY)
    assert cell.reply["status"] == "ok", cell.traceback
    lines = [line for line in cell.text("stderr").splitlines() if "above 20" in line]
    assert len(lines) == 1 and lines[0].startswith("net, step "), cell.text("stderr")
    shown = kernel.run("diagnose(run)")
    assert shown.reply["status"] == "ok", shown.traceback
    data = shown.of("execute_result")[0]["data"]
    assert "inputs not scaled" in data["text/html"] and "inputs not scaled" in data["text/plain"] and "**" in data["text/markdown"]
    assert kernel.run("diagnose(run).findings[0].kind").result == "'inputs not scaled'"
