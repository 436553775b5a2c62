"""Writes GGUF files, version 3, and lists the tensors of one."""
import collections
import struct

import numpy as np

ALIGNMENT = 32
TYPES = {"F32": 0, "F16": 1, "Q4_0": 2, "Q4_1": 3, "Q5_0": 6, "Q5_1": 7, "Q8_0": 8, "Q2_K": 10, "Q3_K": 11, "Q4_K": 12,
         "Q5_K": 13, "Q6_K": 14, "BF16": 30}
BLOCKS = {"F32": (1, 4), "F16": (1, 2), "BF16": (1, 2), "Q4_0": (32, 18), "Q4_1": (32, 20), "Q5_0": (32, 22),
          "Q5_1": (32, 24), "Q8_0": (32, 34), "Q2_K": (256, 84), "Q3_K": (256, 110), "Q4_K": (256, 144), "Q5_K": (256, 176),
          "Q6_K": (256, 210)}  # weights, bytes

Tensor = collections.namedtuple("Tensor", "name type shape data")  # shape: outermost extent first


def pack_text(text):
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def pack_value(value):
    if isinstance(value, bool):
        return struct.pack("<IB", 7, value)
    if isinstance(value, int):
        return struct.pack("<II", 4, value)
    if isinstance(value, float):
        return struct.pack("<If", 6, value)
    return struct.pack("<I", 8) + pack_text(value)


def padded(data):
    return data + bytes(-len(data) % ALIGNMENT)


def write(path, metadata, tensors):
    header = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    for key, value in metadata.items():
        header += pack_text(key) + pack_value(value)
    offset = 0
    for tensor in tensors:
        header += pack_text(tensor.name) + struct.pack("<I", len(tensor.shape))
        header += struct.pack(f"<{len(tensor.shape)}Q", *reversed(tensor.shape))
        header += struct.pack("<IQ", TYPES[tensor.type], offset)
        offset += len(padded(tensor.data))
    with open(path, "wb") as file:
        file.write(padded(header))
        for tensor in tensors:
            file.write(padded(tensor.data))


class Reader:
    def __init__(self, path):
        self.file = open(path, "rb")

    def numbers(self, form):
        return struct.unpack("<" + form, self.file.read(struct.calcsize("<" + form)))

    def text(self):
        return self.file.read(self.numbers("Q")[0]).decode()

    def skip_value(self, kind):
        if kind == 8:
            self.text()
        elif kind == 9:
            kind, count = self.numbers("IQ")
            for _ in range(count):
                self.skip_value(kind)
        else:
            self.file.read([1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8][kind])


def read(path):
    """The tensors of a file."""
    reader = Reader(path)
    assert reader.numbers("4sI") == (b"GGUF", 3)
    num_tensors, num_keys = reader.numbers("QQ")
    for _ in range(num_keys):
        reader.text()
        reader.skip_value(*reader.numbers("I"))
    entries = []
    for _ in range(num_tensors):
        name = reader.text()
        shape = reader.numbers(f"{reader.numbers('I')[0]}Q")[::-1]
        kind, offset = reader.numbers("IQ")
        entries.append((name, {number: name for name, number in TYPES.items()}[kind], shape, offset))
    begin = reader.file.tell() + -reader.file.tell() % ALIGNMENT
    tensors = []
    for name, kind, shape, offset in entries:
        weights, size = BLOCKS[kind]
        reader.file.seek(begin + offset)
        tensors.append(Tensor(name, kind, shape, reader.file.read(int(np.prod(shape)) // weights * size)))
    return tensors
