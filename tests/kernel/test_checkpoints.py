"""What a run leaves on the disk is what others read: safetensors, judged by the format's own package, and JSON."""

import json
import struct
from pathlib import Path

from safetensors import deserialize

TRAIN = """
const x = tf.randomNormal([64, 8], 0, 1, "float32", 1);
const y = tf.randomUniform([64], 0, 3, "int32", 2);
const model = tf.sequential({ layers: [tf.layers.dense({ name: "head", units: 3, inputShape: [8], activation: "softmax" })] });
const run = finetune(model, { x, y }, { epochs: 2, batchSize: 16, seed: 1, checkpoint: { directory: "%s" } });
await run.train();
JSON.stringify({ kernel: Array.from(model.getWeights()[0].dataSync()), losses: run.steps.metrics.loss })
"""


def test_checkpoints_are_read_by_the_formats_own_package(kernel, tmp_path: Path):
    made = kernel.run(TRAIN % tmp_path)
    assert made.reply["status"] == "ok", made.traceback
    expected = json.loads(made.result.strip("'"))
    newest = max(tmp_path.iterdir())
    assert newest.name.endswith("-step-8")
    tensors = dict(deserialize((newest / "state.safetensors").read_bytes()))
    assert tensors["weights/head/kernel"]["shape"] == [8, 3]
    assert list(struct.unpack("<24f", tensors["weights/head/kernel"]["data"])) == expected["kernel"]
    assert list(struct.unpack("<8d", tensors["figures/loss"]["data"])) == expected["losses"]
    assert {name.split("/", 1)[0] for name in tensors} == {"weights", "slots", "figures"}
    assert json.loads((newest / "run.json").read_text())["step"] == 8
    again = kernel.run(f'const again = await finetune.resume("{tmp_path}", {{ x, y }}); again.state')
    assert again.result == "'finished'", again.traceback
