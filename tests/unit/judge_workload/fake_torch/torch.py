# SPDX-License-Identifier: Apache-2.0
"""As much of torch as judge/workload/runner.py and the references of the tests use."""

import contextlib
import ctypes


class dtype:
    def __init__(self, name, size):
        self.name, self.size = name, size


for _name, _size in (("float32", 4), ("float16", 2), ("bfloat16", 2), ("float8_e4m3fn", 1),
                     ("float8_e5m2", 1), ("int64", 8), ("int32", 4), ("int16", 2), ("int8", 1),
                     ("uint8", 1), ("bool", 1), ("float64", 8)):
    globals()[_name] = dtype(_name, _size)


class Tensor:
    def __init__(self, data, dtype, shape):
        self.data, self.dtype, self.shape = bytes(data), dtype, tuple(shape)
        self.memory = ctypes.create_string_buffer(self.data, max(len(self.data), 1))

    def view(self, dtype):
        return Tensor(self.data, dtype, [len(self.data) // dtype.size])

    def reshape(self, shape):
        count = 1
        for extent in shape:
            count *= extent
        if count != self.numel():
            raise ValueError("shape does not fit")
        return Tensor(self.data, self.dtype, shape)

    def numel(self):
        return len(self.data) // self.dtype.size

    def element_size(self):
        return self.dtype.size

    def data_ptr(self):
        return ctypes.addressof(self.memory)

    def clone(self):
        return self

    detach = cpu = contiguous = clone


def frombuffer(data, dtype):
    return Tensor(data, dtype, [len(data) // dtype.size])


def empty(count, dtype):
    return Tensor(b"\0" * (count * dtype.size), dtype, [count])


def tensor(value, dtype):
    kinds = {"float32": ctypes.c_float, "int64": ctypes.c_int64, "int32": ctypes.c_int32}
    return Tensor(bytes(kinds[dtype.name](value)), dtype, [])


no_grad = contextlib.nullcontext
