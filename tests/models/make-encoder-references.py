"""Writes encoder-references.json: what transformers' BERT on PyTorch computes, for the tests beside it.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install numpy torch==2.13.0 transformers==5.23.0
    /tmp/peers/bin/python tests/models/make-encoder-references.py
"""

import json
from pathlib import Path

import torch
from transformers import BertConfig, BertModel

NAMES = {
    "embeddings.word_embeddings.weight": "embeddings/word_embeddings",
    "embeddings.position_embeddings.weight": "embeddings/position_embeddings",
    "embeddings.token_type_embeddings.weight": "embeddings/type_embeddings",
    "embeddings.LayerNorm": "embeddings/norm",
    "attention.self.query": "attention/query",
    "attention.self.key": "attention/key",
    "attention.self.value": "attention/value",
    "attention.output.dense": "attention/output",
    "attention.output.LayerNorm": "attention/norm",
    "intermediate.dense": "intermediate",
    "output.dense": "output",
    "output.LayerNorm": "norm",
}


def ours(name: str) -> str:
    """`encoder.layer.0.output.LayerNorm.weight` -> `encoder/layer/0/norm/gamma`."""
    if name in NAMES:
        return NAMES[name]
    stem, last = name.rsplit(".", 1)
    block = ""
    if stem.startswith("encoder.layer."):
        parts = stem.split(".", 3)
        block, stem = f"encoder/layer/{parts[2]}/", parts[3]
    last = {"weight": "gamma", "bias": "beta"}[last] if "LayerNorm" in stem else {"weight": "kernel", "bias": "bias"}[last]
    return f"{block}{NAMES[stem]}/{last}"


def rounded(tensor) -> dict:
    return {"shape": list(tensor.shape), "values": [float(f"{value:.8g}") for value in tensor.detach().flatten().tolist()]}


def transposed(name: str, tensor):
    return tensor.T if name.endswith("kernel") else tensor


def case(activation: str, pooling: str, seed: int) -> dict:
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=20, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16, max_position_embeddings=9,
        type_vocab_size=2, hidden_act={"gelu": "gelu", "gelu_tanh": "gelu_new"}[activation], hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )
    model = BertModel(config, add_pooling_layer=False)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(torch.randn(parameter.shape) * 0.4 + (1 if name.endswith("LayerNorm.weight") else 0))
    ids = torch.randint(1, 20, (3, 7))  # 0 is padding, whose row PyTorch keeps from learning
    ids[0, 3] = ids[0, 1]  # a token that comes twice
    mask = torch.tensor([[1] * 7, [1] * 4 + [0] * 3, [1] * 6 + [0]])
    ids = ids * mask
    types = torch.tensor([[0] * 3 + [1] * 4, [0] * 7, [0, 1] * 3 + [0]])
    tokens = model(input_ids=ids, attention_mask=mask, token_type_ids=types).last_hidden_state
    weight = mask.unsqueeze(2).float()
    pooled = tokens[:, 0] if pooling == "cls" else (tokens * weight).sum(1) / weight.sum(1)
    towards = torch.randn(pooled.shape)
    loss = ((pooled - towards) ** 2).mean()
    loss.backward()
    return {
        "activation": activation, "pooling": pooling, "ids": ids.tolist(), "mask": mask.tolist(), "types": types.tolist(), "pooled": rounded(pooled), "towards": rounded(towards), "loss": loss.item(),
        "weights": {ours(name): rounded(transposed(ours(name), parameter)) for name, parameter in model.named_parameters()},
        "gradients": {ours(name): rounded(transposed(ours(name), parameter.grad)) for name, parameter in model.named_parameters()},
    }


cases = [case("gelu", "mean", 3), case("gelu_tanh", "cls", 4)]
Path(__file__).with_name("encoder-references.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")
