#!/usr/bin/env python3
"""Block formats and quantised models against llama.cpp's own libraries.

gguf_peer.py blocks LIBRARIES OUTPUT SEED BLOCKS: writes a GGUF file with BLOCKS blocks of each type, half of them
    quantised by ggml and half of random bytes, and under NAME.expected what ggml makes of them.
gguf_peer.py models LIBRARIES ALLOMETER FOLDER: lets llama.cpp quantise a model, and compares the logits of the file
    with those of a checkpoint that holds the values which ggml makes of its blocks (equal to the last bit), and with
    llama.cpp's own.
"""
import ctypes
import json
import pathlib
import struct
import subprocess
import sys

import numpy as np

import gguf_file
from gguf_file import BLOCKS, TYPES, Tensor

# Bytes of a block at which binary16 scales stand.
SCALES = {"Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "Q2_K": [80, 82], "Q3_K": [108],
          "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208]}
# What llama.cpp is asked for, its number of that (llama_ftype), and the most RMS of the difference to its logits over their
# standard deviation. Ours are the more exact: it keeps keys and values in binary16 and multiplies activations that it
# rounded to 16 or 8 bits. A wrong order of the rows of queries and keys moves logits by 0.8.
KINDS = {"F32": (0, 0.005), "F16": (1, 0.005), "BF16": (32, 0.02), "Q8_0": (7, 0.06), "Q4_0": (2, 0.06), "Q4_K_M": (15, 0.06),
         "Q5_K_M": (17, 0.06), "Q6_K": (18, 0.06)}


class Ggml:
    def __init__(self, libraries):
        self.library = ctypes.CDLL(str(pathlib.Path(libraries) / "libggml-base.so"))
        self.library.ggml_quantize_chunk.restype = ctypes.c_size_t

    def quantise(self, kind, values):
        """values: F32 [rows, columns]"""
        weights, size = BLOCKS[kind]
        blocks = ctypes.create_string_buffer(values.size // weights * size)
        values = np.ascontiguousarray(values, np.float32)
        self.library.ggml_quantize_chunk(
            TYPES[kind], values.ctypes.data_as(ctypes.c_void_p), blocks, ctypes.c_int64(0),
            ctypes.c_int64(values.shape[0]), ctypes.c_int64(values.shape[1]), None)
        return blocks.raw

    def dequantise(self, kind, data):
        weights, size = BLOCKS[kind]
        values = np.empty(len(data) // size * weights, np.float32)
        if kind == "F32":
            return np.frombuffer(data, "<f4").copy()
        name = {"F16": "ggml_fp16_to_fp32_row", "BF16": "ggml_bf16_to_fp32_row"}.get(kind, "dequantize_row_q" + kind[1:])
        getattr(self.library, name)(data, values.ctypes.data_as(ctypes.c_void_p), ctypes.c_int64(values.size))
        return values


def finite_half(random):
    while True:
        bits = int(random.integers(1 << 16))
        if bits & 0x7C00 != 0x7C00:
            return struct.pack("<H", bits)


def random_block(random, kind):
    data = bytearray(random.bytes(BLOCKS[kind][1]))
    for at in SCALES[kind]:
        data[at:at + 2] = finite_half(random)
    return bytes(data)


def write_blocks(libraries, output, seed, count):
    ggml, random = Ggml(libraries), np.random.default_rng(seed)
    tensors = []
    for kind in sorted(SCALES):
        weights = BLOCKS[kind][0]
        # Rows of unlike size, some with an outlier, one of zeros.
        values = random.normal(0, 1, (count - count // 2, weights)) * 10.0 ** random.integers(-6, 4, (count - count // 2, 1))
        values[::3, weights // 2] *= 50
        values[-1] = 0
        data = ggml.quantise(kind, values) + b"".join(random_block(random, kind) for _ in range(count // 2))
        expected = ggml.dequantise(kind, data)
        tensors.append(Tensor(kind, kind, (count, weights), data))
        tensors.append(Tensor(kind + ".expected", "F32", (count, weights), expected.tobytes()))
    gguf_file.write(output, {"general.architecture": "blocks"}, tensors)


def read_safetensors(path):
    data = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    return {name: np.frombuffer(data[8 + length:][slice(*entry["data_offsets"])], "<f4").reshape(entry["shape"])
            for name, entry in header.items()}


def write_safetensors(path, tensors):
    header, offset = {}, 0
    for name, values in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [offset, offset + values.nbytes]}
        offset += values.nbytes
    text = json.dumps(header).encode()
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + b"".join(
        np.ascontiguousarray(values).tobytes() for values in tensors.values()))


NAMES = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}
LAYER_NAMES = {"input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
               "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "post_attention_layernorm": "ffn_norm",
               "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}


def gguf_name(name):
    module = name.removesuffix(".weight")
    if module in NAMES:
        return NAMES[module] + ".weight"
    _, _, layer, rest = module.split(".", 3)
    return f"blk.{layer}.{LAYER_NAMES[rest]}.weight"


def heads_of(name, config):
    """Heads whose rows llama.cpp interleaves, None for other tensors."""
    return {"q_proj": config["num_attention_heads"], "k_proj": config["num_key_value_heads"]}.get(name.split(".")[-2])


def interleave(values, heads):
    return values.reshape(heads, 2, -1, values.shape[1]).swapaxes(1, 2).reshape(values.shape)


def separate(values, heads):
    return values.reshape(heads, -1, 2, values.shape[1]).swapaxes(1, 2).reshape(values.shape)


def convert(checkpoint, output):
    """A Llama checkpoint in F32 as llama.cpp's converter writes it."""
    config = json.loads((checkpoint / "config.json").read_text())
    metadata = {"general.architecture": "llama", "general.name": "peer", "tokenizer.ggml.model": "none",
                "llama.context_length": config["max_position_embeddings"], "llama.block_count": config["num_hidden_layers"],
                "llama.embedding_length": config["hidden_size"], "llama.vocab_size": config["vocab_size"],
                "llama.feed_forward_length": config["intermediate_size"],
                "llama.attention.head_count": config["num_attention_heads"],
                "llama.attention.head_count_kv": config["num_key_value_heads"],
                "llama.attention.layer_norm_rms_epsilon": float(config["rms_norm_eps"]),
                "llama.rope.freq_base": float(config["rope_theta"]),
                "llama.rope.dimension_count": config["hidden_size"] // config["num_attention_heads"]}
    tensors = []
    for name, values in read_safetensors(checkpoint / "model.safetensors").items():
        if heads := heads_of(name, config):
            values = interleave(values, heads)
        tensors.append(Tensor(gguf_name(name), "F32", values.shape, np.ascontiguousarray(values).tobytes()))
    gguf_file.write(output, metadata, tensors)


class Llama:
    """The few functions of llama.h that are needed. Structures that are passed by value are taken larger than they are."""

    class Options(ctypes.Structure):
        _fields_ = [("words", ctypes.c_int32 * 256)]

    class Batch(ctypes.Structure):
        _fields_ = [("n_tokens", ctypes.c_int32), ("token", ctypes.c_void_p), ("embd", ctypes.c_void_p),
                    ("pos", ctypes.c_void_p), ("n_seq_id", ctypes.c_void_p), ("seq_id", ctypes.c_void_p),
                    ("logits", ctypes.c_void_p)]

    def __init__(self, libraries):
        libraries = pathlib.Path(libraries)
        (path,) = libraries.glob("libllama.v*.so") if list(libraries.glob("libllama.v*.so")) else libraries.glob("libllama.so")
        (ggml,) = list(libraries.glob("libggml.v*.so")) or libraries.glob("libggml.so")
        ctypes.CDLL(str(ggml)).ggml_backend_load_all_from_path(str(libraries).encode())
        self.library = ctypes.CDLL(str(path))
        for name, result in [("model_quantize_default_params", self.Options), ("model_default_params", self.Options),
                             ("context_default_params", self.Options), ("model_load_from_file", ctypes.c_void_p),
                             ("init_from_model", ctypes.c_void_p), ("get_logits", ctypes.POINTER(ctypes.c_float))]:
            getattr(self.library, "llama_" + name).restype = result
        self.log = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)(lambda *_: None)
        self.library.llama_log_set(self.log, None)

    def quantise(self, source, output, kind):
        options = self.library.llama_model_quantize_default_params()
        options.words[0] = 1  # threads
        options.words[1] = KINDS[kind][0]
        failed = self.library.llama_model_quantize(str(source).encode(), str(output).encode(), ctypes.byref(options))
        if failed:
            sys.exit(f"gguf_peer: llama.cpp could not quantise {source} to {kind}")

    def logits(self, path, ids, vocab_size):
        library = self.library
        model = library.llama_model_load_from_file(str(path).encode(), library.llama_model_default_params())
        context = library.llama_init_from_model(ctypes.c_void_p(model), library.llama_context_default_params())
        count = len(ids)
        array = lambda kind, values: (kind * count)(*values)
        tokens, positions = array(ctypes.c_int32, ids), array(ctypes.c_int32, range(count))
        sequence = (ctypes.c_int32 * 1)(0)
        sequences = (ctypes.c_void_p * count)(*[ctypes.addressof(sequence)] * count)
        ones, all_logits = array(ctypes.c_int32, [1] * count), array(ctypes.c_int8, [1] * count)
        batch = self.Batch(count, *(ctypes.addressof(part) for part in (tokens,)), None, ctypes.addressof(positions),
                           ctypes.addressof(ones), ctypes.addressof(sequences), ctypes.addressof(all_logits))
        if library.llama_decode(ctypes.c_void_p(context), batch):
            sys.exit(f"gguf_peer: llama.cpp could not run {path}")
        pointer = library.llama_get_logits(ctypes.c_void_p(context))
        return np.ctypeslib.as_array(pointer, (count, vocab_size)).copy()


def our_logits(allometer, model, ids, folder):
    (folder / "cases.json").write_text(json.dumps([{"ids": ids}]))
    subprocess.run([allometer, "logits", model, "--ids", folder / "cases.json", "--output", folder / "logits.safetensors"],
                   check=True)
    return read_safetensors(folder / "logits.safetensors")["case0"]


def compare_models(libraries, allometer, folder):
    ggml, llama, folder = Ggml(libraries), Llama(libraries), pathlib.Path(folder)
    checkpoint, copy = folder / "checkpoint", folder / "copy"
    subprocess.run([allometer, "make-model", checkpoint, "--dtype", "F32", "--seed", "7", "--initializer-range", "0.06",
                    "--hidden-size", "256", "--intermediate-size", "512", "--num-attention-heads", "4",
                    "--num-key-value-heads", "2", "--num-hidden-layers", "3", "--tie-word-embeddings", "no"], check=True)
    config = json.loads((checkpoint / "config.json").read_text())
    convert(checkpoint, folder / "f32.gguf")
    copy.mkdir()
    (copy / "config.json").write_text(json.dumps(config))
    ids = [int(id) for id in np.random.default_rng(7).integers(0, config["vocab_size"], 48)]
    failures = 0
    for kind, (_, most_difference) in KINDS.items():
        path = folder / f"{kind}.gguf"
        llama.quantise(folder / "f32.gguf", path, kind)
        stored = {tensor.name: tensor for tensor in gguf_file.read(path)}
        tensors = {}
        for name in read_safetensors(checkpoint / "model.safetensors"):
            tensor = stored[gguf_name(name)]
            values = ggml.dequantise(tensor.type, tensor.data).reshape(tensor.shape)
            heads = heads_of(name, config)
            tensors[name] = separate(values, heads) if heads else values
        write_safetensors(copy / "model.safetensors", tensors)
        ours = our_logits(allometer, path, ids, folder)
        same = np.array_equal(ours.view("u4"), our_logits(allometer, copy, ids, folder).view("u4"))
        theirs = llama.logits(path, ids, config["vocab_size"])
        difference = float(np.sqrt(np.mean((ours - theirs) ** 2)) / ours.std())
        types = sorted({tensor.type for tensor in stored.values()})
        good = same and difference <= most_difference
        print(f"gguf_peer: {kind} ({', '.join(types)}): {'equal to' if same else 'DIFFERENT FROM'} a checkpoint of ggml's "
              f"values, RMS to llama.cpp's logits {100 * difference:.3f} % of their standard deviation"
              f"{'' if good else ': FAILED'}")
        failures += not good
    return failures


if __name__ == "__main__":
    if sys.argv[1] == "blocks":
        write_blocks(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
    else:
        sys.exit(compare_models(*sys.argv[2:5]) != 0)
