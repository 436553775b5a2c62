#!/usr/bin/env python3
"""Logits of `allometer logits` against a Llama forward pass written here in NumPy, in double precision.

numpy_llama.py ALLOMETER CHECKPOINT...: fails if any logit is off by more than 2e-4 in f32.
"""
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

import numpy as np

TOLERANCE = 2e-4


def read_safetensors(path):
    data = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    tensors = {}
    for name, entry in json.loads(data[8:8 + length]).items():
        if name == "__metadata__":
            continue
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        if entry["dtype"] == "BF16":
            values = (np.frombuffer(data[begin:end], "<u2").astype("<u4") << 16).view("<f4")
        else:
            values = np.frombuffer(data[begin:end], {"F32": "<f4", "F16": "<f2"}[entry["dtype"]])
        tensors[name] = values.reshape(entry["shape"]).astype(np.float64)
    return tensors


def norm(x, weight, epsilon):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + epsilon) * weight


def rotate(x, theta):
    """x [tokens, heads, head_dim]; the halves of a head are the pairs' two coordinates."""
    half = x.shape[-1] // 2
    angle = np.arange(len(x))[:, None] * theta ** (-np.arange(half) / half)
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    a, b = x[..., :half], x[..., half:]
    return np.concatenate([a * cos - b * sin, b * cos + a * sin], -1)


def attention(x, weights, config):
    heads, kv_heads = config["num_attention_heads"], config["num_key_value_heads"]
    dim = config.get("head_dim") or config["hidden_size"] // heads
    split = lambda name, count: (x @ weights[f"self_attn.{name}_proj.weight"].T).reshape(len(x), count, dim)
    query = rotate(split("q", heads), config["rope_theta"])
    key = np.repeat(rotate(split("k", kv_heads), config["rope_theta"]), heads // kv_heads, axis=1)
    value = np.repeat(split("v", kv_heads), heads // kv_heads, axis=1)
    score = np.einsum("qhd,khd->hqk", query, key) / np.sqrt(dim)
    score += np.triu(np.full((len(x), len(x)), -np.inf), 1)
    score = np.exp(score - score.max(-1, keepdims=True))
    score /= score.sum(-1, keepdims=True)
    mixed = np.einsum("hqk,khd->qhd", score, value).reshape(len(x), heads * dim)
    return mixed @ weights["self_attn.o_proj.weight"].T


def feed_forward(x, weights):
    gate = x @ weights["mlp.gate_proj.weight"].T
    up = x @ weights["mlp.up_proj.weight"].T
    return (gate / (1 + np.exp(-gate)) * up) @ weights["mlp.down_proj.weight"].T


def logits(tensors, config, ids):
    epsilon = config["rms_norm_eps"]
    x = tensors["model.embed_tokens.weight"][ids]
    for layer in range(config["num_hidden_layers"]):
        prefix = f"model.layers.{layer}."
        weights = {name[len(prefix):]: value for name, value in tensors.items() if name.startswith(prefix)}
        x = x + attention(norm(x, weights["input_layernorm.weight"], epsilon), weights, config)
        x = x + feed_forward(norm(x, weights["post_attention_layernorm.weight"], epsilon), weights)
    head = tensors["model.embed_tokens.weight"] if config["tie_word_embeddings"] else tensors["lm_head.weight"]
    return norm(x, tensors["model.norm.weight"], epsilon) @ head.T


def largest_difference(allometer, checkpoint, folder):
    config = json.loads((checkpoint / "config.json").read_text())
    random = np.random.default_rng(20)
    length = min(300, config["max_position_embeddings"])
    cases = [{"ids": random.integers(0, config["vocab_size"], n).tolist()} for n in (1, 17, length)]
    (folder / "ids.json").write_text(json.dumps(cases))
    subprocess.run([allometer, "logits", checkpoint, "--ids", folder / "ids.json", "-o",
                    folder / "logits.safetensors", "--precision", "f32"], check=True)
    ours = read_safetensors(folder / "logits.safetensors")
    tensors = read_safetensors(checkpoint / "model.safetensors")
    return max(np.abs(ours[f"case{i}"] - logits(tensors, config, case["ids"])).max()
               for i, case in enumerate(cases))


def main():
    allometer, *checkpoints = sys.argv[1:]
    bad = 0
    for checkpoint in map(pathlib.Path, checkpoints):
        with tempfile.TemporaryDirectory() as folder:
            difference = largest_difference(allometer, checkpoint, pathlib.Path(folder))
        good = difference <= TOLERANCE
        bad += not good
        print(f"{checkpoint.name}: largest difference {difference:.2e} ({'good' if good else 'TOO LARGE'})")
    if bad or not checkpoints:
        raise SystemExit(f"{bad} of {len(checkpoints)} checkpoints differ from NumPy by more than {TOLERANCE}")


if __name__ == "__main__":
    main()
