"""Writes references.json: what PyTorch and Keras compute, for the tests beside it.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install numpy scikit-learn torch==2.13.0 tensorflow==2.21.0 keras==3.15.1
    /tmp/peers/bin/python tests/training/make-references.py
"""

import json
import os
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np
import scipy.stats
import sklearn.metrics
import torch

STEPS = 20
random = np.random.default_rng(7)
references: dict = {}


def rounded(array) -> list:
    return np.asarray(array, dtype=np.float64).round(9).tolist()


# Optimizers: one weight, twenty given gradients; the weight after each step.
start = random.normal(size=(2, 3)).astype(np.float32)
gradients = random.normal(size=(STEPS, 2, 3)).astype(np.float32)
references["optimizers"] = {"start": rounded(start), "gradients": rounded(gradients), "weights": {}}


def torch_weights(make, shape=(2, 3)) -> list:
    weight = torch.nn.Parameter(torch.tensor(start).reshape(shape))
    optimizer = make([weight])
    after = []
    for gradient in gradients:
        weight.grad = torch.tensor(gradient).reshape(shape)
        optimizer.step()
        after.append(rounded(weight.detach().numpy()))
    return after


def keras_weights(optimizer) -> list:
    weight = keras.Variable(start)
    after = []
    for gradient in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [weight])
        after.append(rounded(weight.numpy()))
    return after


weights = references["optimizers"]["weights"]
weights["sgd"] = torch_weights(lambda p: torch.optim.SGD(p, lr=0.1))
weights["sgd momentum"] = torch_weights(lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9))
weights["sgd nesterov"] = torch_weights(lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True))
weights["adam"] = torch_weights(lambda p: torch.optim.Adam(p, lr=0.1))
weights["adam, other betas"] = torch_weights(lambda p: torch.optim.Adam(p, lr=0.05, betas=(0.8, 0.95), eps=1e-3))
weights["rmsprop"] = torch_weights(lambda p: torch.optim.RMSprop(p, lr=0.1))
weights["rmsprop momentum"] = torch_weights(lambda p: torch.optim.RMSprop(p, lr=0.1, momentum=0.9))
weights["adafactor"] = torch_weights(lambda p: torch.optim.Adafactor(p, lr=0.1))
weights["adafactor, vector"] = torch_weights(lambda p: torch.optim.Adafactor(p, lr=0.1), (6,))
weights["lion"] = keras_weights(keras.optimizers.Lion(learning_rate=0.1))

# AdamW on a linear layer, all samples in each step: decay of the kernel only, losses before each step.
x = random.normal(size=(8, 3)).astype(np.float32)
y = random.normal(size=(8, 2)).astype(np.float32)
kernel = random.normal(size=(3, 2)).astype(np.float32)
bias = random.normal(size=(2,)).astype(np.float32)


def linear_run(optimizer_of, clip=None) -> dict:
    k, b = torch.nn.Parameter(torch.tensor(kernel)), torch.nn.Parameter(torch.tensor(bias))
    optimizer = optimizer_of(k, b)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(torch.tensor(x) @ k + b, torch.tensor(y))
        loss.backward()
        if clip:
            torch.nn.utils.clip_grad_norm_([k, b], clip)
        optimizer.step()
        losses.append(float(loss))
    return {"losses": rounded(losses), "kernel": rounded(k.detach().numpy()), "bias": rounded(b.detach().numpy())}


references["linear"] = {
    "x": rounded(x),
    "y": rounded(y),
    "kernel": rounded(kernel),
    "bias": rounded(bias),
    "adamw": linear_run(lambda k, b: torch.optim.AdamW([{"params": [k], "weight_decay": 0.1}, {"params": [b], "weight_decay": 0.0}], lr=0.05)),
    "sgd clipped": linear_run(lambda k, b: torch.optim.SGD([k, b], lr=0.1), clip=0.5),
}

# BatchNormalization in Keras, trained and frozen: dense, norm, dense under SGD, all samples in each step.
bx = random.normal(size=(6, 4)).astype(np.float32) * 2 + 1
by = random.normal(size=(6, 2)).astype(np.float32)
initial = [random.normal(size=shape).astype(np.float32) for shape in [(4, 3), (3,), (3,), (3,), (3,), (3,), (3, 2), (2,)]]
initial[5] = np.abs(initial[5]) + 0.5


def norm_run(frozen: bool) -> list:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.BatchNormalization(momentum=0.9), keras.layers.Dense(2)])
    model.set_weights(initial)
    model.layers[1].trainable = not frozen
    model.compile(keras.optimizers.SGD(0.1), loss="mse", run_eagerly=True)
    model.fit(bx, by, batch_size=6, epochs=3, shuffle=False, verbose=0)
    names = ["d1/kernel", "d1/bias", "bn/gamma", "bn/beta", "bn/moving_mean", "bn/moving_variance", "d2/kernel", "d2/bias"]
    values = {f"{layer.name}/{weight.name}": weight.numpy() for layer in model.layers for weight in layer.weights}
    keys = list(values)
    order = [next(key for key in keys if key.startswith(model.layers[i].name) and key.endswith(name.split("/")[1])) for name, i in zip(names, [0, 0, 1, 1, 1, 1, 2, 2])]
    return {name: rounded(values[key]) for name, key in zip(names, order)}


references["batchNormalization"] = {
    "x": rounded(bx),
    "y": rounded(by),
    # As get_weights gives them: kernel, bias, gamma, beta, moving mean, moving variance, kernel, bias.
    "initial": [rounded(value) for value in initial],
    "trained": norm_run(False),
    "frozen": norm_run(True),
}

# Losses, each the mean over the samples.
logits = random.normal(size=(5, 4)).astype(np.float32) * 3
classes = np.array([0, 3, 1, 1, 2])
binary = (random.random(size=(5, 4)) > 0.5).astype(np.float32)
t = torch.tensor
references["losses"] = {
    "logits": rounded(logits),
    "classes": classes.tolist(),
    "binary": rounded(binary),
    "crossentropy": float(torch.nn.functional.cross_entropy(t(logits), t(classes))),
    "crossentropy smoothed": float(torch.nn.functional.cross_entropy(t(logits), t(classes), label_smoothing=0.1)),
    "binaryCrossentropy": float(torch.nn.functional.binary_cross_entropy_with_logits(t(logits), t(binary))),
    "mse": float(torch.nn.functional.mse_loss(t(logits), t(binary))),
    "mae": float(torch.nn.functional.l1_loss(t(logits), t(binary))),
    "huber": float(torch.nn.functional.huber_loss(t(logits), t(binary))),
}

# Weights of samples and of classes: five steps of SGD over all samples, in Keras. The loss is divided by the weights' sum, not by the number of samples.
wx = random.normal(size=(8, 3)).astype(np.float32)
wy = np.array([0, 0, 0, 0, 0, 1, 1, 2])
sample_weight = random.random(size=8).astype(np.float32) * 3
weighted_start = [random.normal(size=(3, 3)).astype(np.float32), random.normal(size=(3,)).astype(np.float32)]


def weighted_run(**options) -> dict:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3)])
    model.set_weights(weighted_start)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="mean_with_sample_weight")
    model.compile(keras.optimizers.SGD(0.1), loss=loss, run_eagerly=True)
    history = model.fit(wx, wy, batch_size=8, epochs=5, shuffle=False, verbose=0, **options).history
    return {"losses": rounded(history["loss"]), "kernel": rounded(model.get_weights()[0])}


references["weights"] = {
    "x": rounded(wx),
    "y": wy.tolist(),
    "sampleWeights": rounded(sample_weight),
    "kernel": rounded(weighted_start[0]),
    "bias": rounded(weighted_start[1]),
    "samples": weighted_run(sample_weight=sample_weight),
    "classes": weighted_run(class_weight={0: 0.5, 1: 2.0, 2: 4.0}),
}

# Terms added to the cross-entropy: five steps of SGD over all samples of the data above, in PyTorch.
importance = [random.random(size=(3, 3)).astype(np.float32), random.random(size=(3,)).astype(np.float32)]
anchors = [random.normal(size=(3, 3)).astype(np.float32), random.normal(size=(3,)).astype(np.float32)]


def regularized_run(term) -> dict:
    k, b = (torch.nn.Parameter(torch.tensor(value)) for value in weighted_start)
    optimizer = torch.optim.SGD([k, b], lr=0.1)
    losses = []
    for _ in range(5):
        optimizer.zero_grad()
        logits = torch.tensor(wx) @ k + b
        loss = torch.nn.functional.cross_entropy(logits, torch.tensor(wy)) + term(k, b, logits)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return {"losses": rounded(losses), "kernel": rounded(k.detach().numpy()), "bias": rounded(b.detach().numpy())}


def squares(values, centres, scales=(1, 1)):
    return sum((torch.as_tensor(f) * (v - torch.as_tensor(c)) ** 2).sum() for v, c, f in zip(values, centres, scales))


def distillation(logits, answers, temperature):
    soft = torch.nn.functional.softmax(answers / temperature, -1)
    return torch.nn.functional.cross_entropy(logits / temperature, soft) * temperature**2


answers = torch.tensor(wx) @ torch.tensor(weighted_start[0]) + torch.tensor(weighted_start[1])
references["regularizers"] = {
    "importance": [rounded(value) for value in importance],
    "anchors": [rounded(value) for value in anchors],
    "l2": regularized_run(lambda k, b, _: 0.3 / 2 * (k**2).sum()),
    "l2sp": regularized_run(lambda k, b, _: 0.5 / 2 * squares((k, b), weighted_start)),
    "ewc": regularized_run(lambda k, b, _: 0.8 / 2 * squares((k, b), anchors, importance)),
    "distill": regularized_run(lambda k, b, logits: 0.7 * distillation(logits, answers, 2.0)),
    "together": regularized_run(lambda k, b, logits: 0.3 / 2 * (k**2).sum() + 0.7 * distillation(logits, answers, 2.0)),
}

# Losses of pairs, by PyTorch's functions; sentence-transformers' MultipleNegativesRankingLoss is the cross-entropy of the
# cosine similarities divided by the temperature.
pairs = [random.normal(size=(4, 3)).astype(np.float32) for _ in range(3)]
anchor, positive, negative = (torch.tensor(value) for value in pairs)
similarity = lambda a, b: torch.nn.functional.normalize(a) @ torch.nn.functional.normalize(b).T
own = torch.arange(4)
found = lambda logits: float(torch.nn.functional.cross_entropy(logits, own))
references["pairs"] = {
    "anchors": rounded(pairs[0]),
    "positives": rounded(pairs[1]),
    "negatives": rounded(pairs[2]),
    "contrastive": found(similarity(anchor, positive) / 0.05),
    "symmetric": (found(similarity(anchor, positive) / 0.2) + found(similarity(positive, anchor) / 0.2)) / 2,
    "with negatives": found(torch.cat([similarity(anchor, positive), similarity(anchor, negative)], 1) / 0.05),
    "triplet": float(torch.nn.functional.triplet_margin_loss(anchor, positive, negative)),
    "triplet, other margin": float(torch.nn.functional.triplet_margin_loss(anchor, positive, negative, margin=0.3)),
}

# Metrics, by scikit-learn; the weighted ones with sample weights. Among equal scores the true class comes first.
scores = random.normal(size=(30, 4)).astype(np.float32).round(1)
truth = random.integers(0, 4, size=30)
labels = (random.random(size=(30, 4)) > 0.6).astype(int)
numbers = random.normal(size=(30, 4)).astype(np.float32)
counts = random.random(size=30).astype(np.float32).round(3)
m = sklearn.metrics
references["metrics"] = {"scores": rounded(scores), "classes": truth.tolist(), "labels": labels.tolist(), "numbers": rounded(numbers), "weights": rounded(counts)}
for name, sample_weight in [("plain", None), ("weighted", counts)]:
    w = {"sample_weight": sample_weight}
    references["metrics"][name] = {
        "classes": {
            "accuracy": m.accuracy_score(truth, scores.argmax(1), **w),
            "top2Accuracy": m.top_k_accuracy_score(truth, scores + np.eye(4)[truth] * 1e-4, k=2, **w),
            "f1": m.f1_score(truth, scores.argmax(1), average="macro", **w),
            "microF1": m.f1_score(truth, scores.argmax(1), average="micro", **w),
        },
        "labels": {
            "subsetAccuracy": m.accuracy_score(labels, scores > 0, **w),
            "f1": m.f1_score(labels, scores > 0, average="macro", **w),
            "microF1": m.f1_score(labels, scores > 0, average="micro", **w),
            "auc": m.roc_auc_score(labels, scores, average="macro", **w),
        },
        "numbers": {
            "mse": m.mean_squared_error(numbers, scores, **w),
            "rmse": m.mean_squared_error(numbers, scores, **w) ** 0.5,
            "mae": m.mean_absolute_error(numbers, scores, **w),
            "r2": m.r2_score(numbers, scores, **w),
        },
    }

references["wilson"] = [[k, n, c, *scipy.stats.binomtest(k, n).proportion_ci(c, "wilson")] for k, n, c in [(0, 10, 0.95), (7, 10, 0.95), (3, 40, 0.99), (500, 1000, 0.9), (20, 20, 0.999)]]

target = Path(__file__).with_name("references.json")
target.write_text(json.dumps(references) + "\n")
print(f"{target}: {target.stat().st_size} bytes; torch {torch.__version__}, keras {keras.__version__}")
