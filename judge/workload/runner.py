# SPDX-License-Identifier: Apache-2.0
"""Runs the reference of a Definition, reference.py beside this file: runner.py DIRECTORY...

In each DIRECTORY: request.json (what to pass), inputs.safetensors. Leaves outputs.safetensors
there. Exit code 3: torch cannot be imported. Needs nothing but torch.
"""

import ctypes
import importlib.util
import json
import os
import struct
import sys

NO_TORCH = 3

try:
    import torch
except Exception as problem:  # a broken installation, too
    print(f"torch cannot be imported: {problem}")
    sys.exit(NO_TORCH)

CODES = {"F32": "float32", "F16": "float16", "BF16": "bfloat16", "F8_E4M3": "float8_e4m3fn",
         "F8_E5M2": "float8_e5m2", "I64": "int64", "I32": "int32", "I16": "int16", "I8": "int8",
         "BOOL": "bool"}
TYPES = {code: getattr(torch, name) for code, name in CODES.items() if hasattr(torch, name)}
NAMES = {dtype: code for code, dtype in TYPES.items()}


def read_tensors(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        start = file.tell()
        tensors = {}
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            begin, end = entry["data_offsets"]
            file.seek(start + begin)
            data = bytearray(file.read(end - begin))
            dtype = TYPES[entry["dtype"]]
            if data:
                tensor = torch.frombuffer(data, dtype=torch.uint8).clone().view(dtype)
            else:
                tensor = torch.empty(0, dtype=dtype)
            tensors[name] = tensor.reshape(entry["shape"])
        return tensors


def write_tensors(path, tensors):
    # Large elements first, so that all are aligned.
    order = sorted(tensors, key=lambda name: -tensors[name].element_size())
    header, offset = {}, 0
    for name in order:
        tensor = tensors[name]
        end = offset + tensor.numel() * tensor.element_size()
        header[name] = {"dtype": NAMES[tensor.dtype], "shape": list(tensor.shape),
                        "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name in order:
            tensor = tensors[name]
            size = tensor.numel() * tensor.element_size()
            file.write(ctypes.string_at(tensor.data_ptr(), size) if size else b"")


def load_run(path):
    spec = importlib.util.spec_from_file_location("reference", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.run


def named_results(results, names):
    """Outputs by name, from a tensor, a sequence or a mapping."""
    if isinstance(results, dict):
        return {name: results[name] for name in names}
    if not isinstance(results, (tuple, list)):
        results = [results]
    if len(results) != len(names):
        raise SystemExit(f"run returned {len(results)} outputs instead of {len(names)}")
    return dict(zip(names, results))


def to_tensor(value, dtype):
    if not isinstance(value, torch.Tensor):
        value = torch.tensor(value, dtype=dtype)  # a number of the host language
    return value.detach().cpu().contiguous()


def answer(run, directory):
    with open(os.path.join(directory, "request.json"), encoding="utf-8") as file:
        request = json.load(file)
    tensors = read_tensors(os.path.join(directory, "inputs.safetensors"))
    arguments = [entry["value"] if "value" in entry else tensors[entry["name"]]
                 for entry in request["inputs"]]
    with torch.no_grad():
        results = run(*arguments)
    outputs = request["outputs"]
    found = named_results(results, [entry["name"] for entry in outputs])
    write_tensors(os.path.join(directory, "outputs.safetensors"),
                  {entry["name"]: to_tensor(found[entry["name"]], TYPES[entry["dtype"]])
                   for entry in outputs})


def main(directories):
    run = load_run(os.path.join(os.path.dirname(os.path.abspath(__file__)), "reference.py"))
    for directory in directories:
        answer(run, directory)


main(sys.argv[1:])
