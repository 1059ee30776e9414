"""python pytorch.py FOLDER [threads] [--compile] [--features]: the same in PyTorch, eagerly unless --compile.

--features: the frozen part's output is computed once, by hand, before the first epoch.
"""
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from contestant import Inputs, serve, status

inputs = Inputs(sys.argv[1])
numbers = [argument for argument in sys.argv[2:] if argument.isdigit()]
if numbers:
    torch.set_num_threads(int(numbers[0]))
nn.Linear(8, 8)(torch.ones(8, 8)).sum().backward()
idle = status("VmRSS")
workload = inputs.workload
dropout = workload["dropout"]


class Embeddings(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.word_embeddings, self.position_embeddings, self.type_embeddings = nn.Embedding(size["vocabulary"], size["width"]), nn.Embedding(size["positions"], size["width"]), nn.Embedding(2, size["width"])
        self.norm = nn.LayerNorm(size["width"], eps=1e-12)

    def forward(self, ids, mask):
        x = self.word_embeddings(ids) + self.position_embeddings(torch.arange(ids.shape[1])) + self.type_embeddings(torch.zeros_like(ids))
        return functional.dropout(self.norm(x), dropout, self.training)


class Attention(nn.Module):
    def __init__(self, size):
        super().__init__()
        width = size["width"]
        self.heads = size["heads"]
        self.query, self.key, self.value, self.output = (nn.Linear(width, width) for _ in range(4))
        self.norm = nn.LayerNorm(width, eps=1e-12)

    def forward(self, x, mask):
        batch, time_, width = x.shape
        query, key, value = (part(x).view(batch, time_, self.heads, -1).transpose(1, 2) for part in (self.query, self.key, self.value))
        context = functional.scaled_dot_product_attention(query, key, value, mask[:, None, None, :], dropout if self.training else 0.0)
        attended = self.output(context.transpose(1, 2).reshape(batch, time_, width))
        return self.norm(x + functional.dropout(attended, dropout, self.training))


class Block(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.attention = Attention(size)
        self.intermediate, self.output = nn.Linear(size["width"], size["feedForward"]), nn.Linear(size["feedForward"], size["width"])
        self.norm = nn.LayerNorm(size["width"], eps=1e-12)

    def forward(self, x, mask):
        x = self.attention(x, mask)
        fed = self.output(functional.gelu(self.intermediate(x)))
        return self.norm(x + functional.dropout(fed, dropout, self.training))


class Pool(nn.Module):
    def forward(self, x, mask):
        tokens = mask.unsqueeze(2).float()
        return (x * tokens).sum(1) / tokens.sum(1)


class Plain(nn.Module):
    """A layer that takes no mask."""

    def __init__(self, *layers):
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, x, mask):
        return self.layers(x)


def make():
    """Name -> layer, in the order in which they compute."""
    if inputs.kind == "head":
        return {"hidden": Plain(nn.Linear(384, 128), nn.ReLU(), *([nn.Dropout(dropout)] if dropout else [])), "head": Plain(nn.Linear(128, 10))}
    if inputs.kind == "cnn":
        return {
            "conv1": Plain(nn.Conv2d(1, 32, 3), nn.ReLU()), "conv2": Plain(nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()),
            "hidden": Plain(nn.Linear(9216, 128), nn.ReLU()), "head": Plain(nn.Linear(128, 10)),
        }
    size = workload["encoder"]
    blocks = {f"encoder/layer/{index}": Block(size) for index in range(size["layers"])}
    return {"embeddings": Embeddings(size), **blocks, "pool": Pool(), "head": Plain(nn.Linear(size["width"], workload["classes"]))}


def parameter_of(layers, name: str):
    """The parameter that has one of our paths."""
    layer = next(layer for layer in layers if name.startswith(f"{layer}/"))
    *parts, last = name[len(layer) + 1:].split("/")
    module = layers[layer]
    if isinstance(module, Plain):
        module = module.layers[0]
    for part in parts:
        module = getattr(module, part)
    found = getattr(module, last, None)
    if isinstance(found, nn.Embedding):
        return found.weight
    return module.weight if last in ("kernel", "gamma") else module.bias


def as_here(name: str, values):
    """One of our weights in PyTorch's order of axes."""
    if values.ndim == 4:
        return values.transpose(3, 2, 0, 1)
    if name.endswith("kernel"):
        if values.shape[0] == 9216:  # flattened [12, 12, 64] there, [64, 12, 12] here
            values = values.reshape(12, 12, 64, -1).transpose(2, 0, 1, 3).reshape(values.shape)
        return values.T
    return values


x = torch.from_numpy(inputs.x)
if inputs.kind == "cnn":
    x = x.permute(0, 3, 1, 2).contiguous()
mask = torch.from_numpy(inputs.mask).bool() if inputs.mask is not None else torch.zeros(inputs.samples, 1)
x = x.long() if inputs.kind == "encoder" else x
y = torch.from_numpy(inputs.y).long()


class Training:
    def __init__(self):
        self.layers = make()
        with torch.no_grad():
            for name, values in inputs.weights().items():
                parameter_of(self.layers, name).copy_(torch.from_numpy(np.ascontiguousarray(as_here(name, values))))
        names = [name for name, _ in workload["weights"] if not any(name.startswith(f"{layer}/") for layer in inputs.frozen)]
        groups = {decays: [parameter_of(self.layers, name) for name in names if name.endswith(("bias", "beta", "gamma")) != decays] for decays in (True, False)}
        optimizer = torch.optim.AdamW if inputs.optimizer["name"] == "adamw" else torch.optim.Adam
        decay = inputs.optimizer["weightDecay"]
        self.optimizer = optimizer([{"params": groups[True], "weight_decay": decay}, {"params": groups[False], "weight_decay": 0.0}], lr=inputs.optimizer["learningRate"])
        self.frozen = [layer.eval() for name, layer in self.layers.items() if inputs.is_frozen(name)]
        self.tail = [layer.train() for name, layer in self.layers.items() if not inputs.is_frozen(name)]
        for layer in self.frozen:
            layer.requires_grad_(False)
        self.features, self.at = None, 0
        self.forward = torch.compile(self._forward) if "--compile" in sys.argv else self._forward

    def backbone(self, batch, hidden):
        with torch.no_grad():
            for layer in self.frozen:
                batch = layer(batch, hidden)
        return batch

    def _forward(self, batch, hidden):
        for layer in self.tail:
            batch = layer(batch, hidden)
        return batch

    def precompute(self):
        rows = [self.backbone(x[first:first + 64], mask[first:first + 64]) for first in range(0, inputs.samples, 64)]
        self.features = torch.cat(rows)

    def step(self) -> float:
        rows = slice(self.at, self.at + inputs.batch)
        self.at = (self.at + inputs.batch) % inputs.samples
        self.optimizer.zero_grad()
        batch = self.features[rows] if self.features is not None else self.backbone(x[rows], mask[rows])
        loss = functional.cross_entropy(self.forward(batch, mask[rows]), y[rows])
        loss.backward()
        self.optimizer.step()
        return loss.item()


training = None


def take(steps: int) -> list:
    global training
    training = training or Training()
    return [training.step() for _ in range(steps)]


def epochs(count: int, on: bool) -> list:
    global training
    if not on or training is None:
        training = Training()
    times = []
    for _ in range(count):
        start = time.perf_counter()
        if "--features" in sys.argv and training.features is None:
            training.precompute()
        for _ in range(inputs.samples // inputs.batch):
            training.step()
        times.append((time.perf_counter() - start) * 1e3)
    return times


serve(idle, take, epochs)
