"""Writes freezing.json: what Keras does while what is frozen changes, for freezing.test.ts.

    /tmp/peers/bin/python tests/training/make-freezing-references.py    (peers: see make-references.py)

A Keras optimizer that was built for all weights keeps a momentum for each, whatever trains; its rules with bias
correction count steps of the whole model, so that plain momentum tells the slots apart.
"""

import json
import os
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np
import tensorflow as tf

random = np.random.default_rng(11)
x = random.normal(size=(8, 4)).astype(np.float32)
y = random.normal(size=(8, 2)).astype(np.float32)
model = keras.Sequential([
    keras.Input((4,)),
    keras.layers.Dense(3, activation="tanh", name="lower"),
    keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-3, name="norm"),
    keras.layers.Dense(2, name="upper"),
])
model.set_weights([random.uniform(0.2, 1, size=w.shape) if "variance" in w.path or "gamma" in w.path else random.normal(size=w.shape) for w in model.weights])
optimizer = keras.optimizers.SGD(learning_rate=0.05, momentum=0.9)
optimizer.build(model.trainable_variables)


def rounded(array) -> list:
    return np.asarray(array, dtype=np.float64).round(9).tolist()


def weights() -> dict:
    return {"/".join(w.path.split("/")[-2:]): rounded(w.numpy()) for w in model.weights}


reference = {"x": rounded(x), "y": rounded(y), "initial": weights(), "phases": []}
for frozen in (["lower"], ["upper"], ["lower", "norm"], ["norm"]):
    for layer in model.layers:
        layer.trainable = layer.name not in frozen
    losses = []
    for _ in range(3):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        losses.append(float(loss))
    reference["phases"].append({"frozen": frozen, "losses": rounded(losses), "weights": weights()})

target = Path(__file__).with_name("freezing.json")
target.write_text(json.dumps(reference) + "\n")
print(f"{target}: {target.stat().st_size} bytes; keras {keras.__version__}")
