"""python keras_fit.py FOLDER [--features]: the same in Keras on TensorFlow, by `fit` as it runs by default."""
import os
import sys
import time

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
import keras
import numpy as np
import tensorflow
from keras import layers

from contestant import Inputs, serve, status

inputs = Inputs(sys.argv[1])
tensorflow.linalg.matmul(tensorflow.ones((8, 8)), tensorflow.ones((8, 8)))
idle = status("VmRSS")
workload = inputs.workload
dropout = workload["dropout"]


def gelu(x):
    return keras.activations.gelu(x, approximate=False)


def embeddings(ids, mask, training, made):
    size = workload["encoder"]

    def table(name, rows):
        made[f"embeddings/{name}_embeddings"] = layers.Embedding(rows, size["width"])
        return made[f"embeddings/{name}_embeddings"]

    made["embeddings/norm"] = layers.LayerNormalization(epsilon=1e-12)
    # Of the ids' making: what a layer gives for a constant is a constant, which would not train.
    places = keras.ops.cumsum(keras.ops.ones_like(ids), axis=1) - 1
    x = table("word", size["vocabulary"])(ids) + table("position", size["positions"])(places) + table("type", 2)(keras.ops.zeros_like(ids))
    return layers.Dropout(dropout)(made["embeddings/norm"](x), training=training)


def block(name, x, mask, training, made):
    size = workload["encoder"]
    attention = layers.MultiHeadAttention(size["heads"], size["width"] // size["heads"], dropout=dropout)
    made[f"{name}/attention"] = attention
    made[f"{name}/attention/norm"], made[f"{name}/norm"] = (layers.LayerNormalization(epsilon=1e-12) for _ in range(2))
    made[f"{name}/intermediate"], made[f"{name}/output"] = layers.Dense(size["feedForward"], activation=gelu), layers.Dense(size["width"])
    attended = attention(x, x, attention_mask=mask[:, None, :], training=training)
    x = made[f"{name}/attention/norm"](x + layers.Dropout(dropout)(attended, training=training))
    fed = made[f"{name}/output"](made[f"{name}/intermediate"](x))
    return made[f"{name}/norm"](x + layers.Dropout(dropout)(fed, training=training))


def pool(x, mask):
    tokens = keras.ops.expand_dims(keras.ops.cast(mask, "float32"), 2)
    return keras.ops.sum(x * tokens, 1) / keras.ops.sum(tokens, 1)


def parts():
    """Name -> (x, mask, training, made) -> x, in the order in which they compute."""
    def simple(name, layer, *after):
        def part(x, mask, training, made):
            made[name] = layer
            x = layer(x)
            for each in after:
                x = each(x, training=training) if isinstance(each, layers.Dropout) else each(x)
            return x
        return part

    if inputs.kind == "head":
        return {"hidden": simple("hidden", layers.Dense(128, activation="relu"), *([layers.Dropout(dropout)] if dropout else [])), "head": simple("head", layers.Dense(10))}
    if inputs.kind == "cnn":
        return {
            "conv1": simple("conv1", layers.Conv2D(32, 3, activation="relu")), "conv2": simple("conv2", layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D(2), layers.Flatten()),
            "hidden": simple("hidden", layers.Dense(128, activation="relu")), "head": simple("head", layers.Dense(10)),
        }
    blocks = {name: (lambda x, mask, training, made, name=name: block(name, x, mask, training, made)) for name in (f"encoder/layer/{index}" for index in range(workload["encoder"]["layers"]))}
    return {"embeddings": embeddings, **blocks, "pool": lambda x, mask, training, made: pool(x, mask), "head": simple("head", layers.Dense(workload["classes"]))}


def variable_of(made, name: str):
    owner = next(owner for owner in sorted(made, key=len, reverse=True) if name == owner or name.startswith(f"{owner}/"))
    layer, rest = made[owner], name[len(owner) + 1:]
    if isinstance(layer, layers.Embedding):
        return layer.embeddings
    if isinstance(layer, layers.MultiHeadAttention):
        part, last = rest.split("/")
        dense = getattr(layer, f"_{part}_dense")
        return dense.kernel if last == "kernel" else dense.bias
    return getattr(layer, rest)


class Training:
    def __init__(self, by_hand: bool):
        made = {}
        encoder = inputs.kind == "encoder"
        x = keras.Input(inputs.x.shape[1:], dtype="int32" if encoder else "float32")
        mask = keras.Input(inputs.mask.shape[1:], dtype="bool") if encoder else None
        given, features, value = [x] + ([mask] if encoder else []), None, x
        for name, part in parts().items():
            if features is None and not inputs.is_frozen(name) and inputs.frozen:
                features = value
            value = part(value, mask, False if inputs.is_frozen(name) else None, made)
        whole = keras.Model(given, value)
        for name, values in inputs.weights().items():
            variable = variable_of(made, name)
            variable.assign(values.reshape(variable.shape))
        for name, layer in made.items():
            if any(name == frozen or name.startswith(f"{frozen}/") for frozen in inputs.frozen):
                layer.trainable = False
        self.x = [inputs.x] + ([inputs.mask.astype(bool)] if encoder else [])
        self.model, self.by_hand = whole, by_hand
        if by_hand:
            self.backbone = keras.Model(given, features)
            self.model = keras.Model([features] + given[1:], value)
        adam = inputs.optimizer["name"] == "adam"
        optimizer = keras.optimizers.Adam(inputs.optimizer["learningRate"], epsilon=1e-8) if adam else keras.optimizers.AdamW(inputs.optimizer["learningRate"], weight_decay=inputs.optimizer["weightDecay"], epsilon=1e-8)
        if not adam:
            optimizer.exclude_from_weight_decay(var_names=["bias", "beta", "gamma"])
        self.model.compile(optimizer=optimizer, loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        self.at = 0

    def fit(self, first: int, rows: int, losses=None) -> None:
        each = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: losses.append(logs["loss"])) if losses is not None else None
        cut = [values[first:first + rows] for values in self.x]
        self.model.fit(cut if len(cut) > 1 else cut[0], inputs.y[first:first + rows], batch_size=inputs.batch, epochs=1, shuffle=False, verbose=0, callbacks=[each] if each else None)

    def precompute(self) -> None:
        self.x[0] = self.backbone.predict(self.x if len(self.x) > 1 else self.x[0], batch_size=64, verbose=0)
        self.by_hand = False


training = None


def take(steps: int) -> list:
    global training
    first = training is None
    training = training or Training(False)
    losses, left = [], steps
    while left > 0:
        rows = min(left * inputs.batch, inputs.samples - training.at)
        # The figures that fit tells are means since its beginning; asking for them costs, so only the first call does.
        means = [] if first else None
        training.fit(training.at, rows, means)
        training.at = (training.at + rows) % inputs.samples
        left -= rows // inputs.batch
        if means is not None:
            losses += [mean * (index + 1) - (means[index - 1] * index if index else 0) for index, mean in enumerate(means)]
    return losses


def epochs(count: int, on: bool) -> list:
    global training
    if not on or training is None:
        training = Training("--features" in sys.argv)
    times = []
    for _ in range(count):
        start = time.perf_counter()
        if training.by_hand:
            training.precompute()
        training.fit(0, inputs.samples)
        times.append((time.perf_counter() - start) * 1e3)
    return times


serve(idle, take, epochs)
