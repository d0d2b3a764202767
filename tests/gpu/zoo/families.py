# SPDX-License-Identifier: Apache-2.0
"""The kernels that the zoo replaces: Definitions, how programs launch them, and the arguments of candidates."""

import dataclasses

OP_TYPE = "zoo"


def tensor(dtype, *shape):
    return {"shape": list(shape), "dtype": dtype, "description": "Values."}


def scalar(dtype):
    return {"shape": None, "dtype": dtype, "description": "A number."}


def variable(*names):
    return {name: {"type": "var", "description": "Values."} for name in names}


@dataclasses.dataclass(frozen=True)
class Family:
    """A Definition, how the program launches the incumbent, and how a candidate is launched in its place."""

    definition: str
    kernel: str  # the incumbent's name
    parameters: list  # [offset, size] of the incumbent's
    axes: dict
    inputs: dict  # name: (tensor or scalar, where it stands)
    outputs: dict
    reference: str
    grid: list
    in_place: list = dataclasses.field(default_factory=list)

    def record(self):
        return {"name": self.definition, "op_type": OP_TYPE, "description": f"What {self.kernel} computes.",
                "axes": variable(*self.axes),
                "inputs": {name: kind for name, (kind, _) in self.inputs.items()},
                "outputs": {name: kind for name, (kind, _) in self.outputs.items()}, "reference": self.reference}

    def binding(self):
        return {"name": "judged", "definition": self.definition,
                "match": {"kernel": {"name": self.kernel}, "parameters": self.parameters,
                          "conditions": ["block.x == 256"]},
                "axes": dict(self.axes), "inputs": {name: at for name, (_, at) in self.inputs.items()},
                "outputs": {name: at for name, (_, at) in self.outputs.items()}}

    def tensors(self):
        return [name for part in (self.inputs, self.outputs) for name, (kind, _) in part.items()
                if kind["shape"] is not None]


def pointer(name):
    return {"type": "ptr", "value": name}


def number(name, kind="i32"):
    return {"type": kind, "value": name}


def copied(parameter, size):
    return {"copy": {"parameter": parameter, "offset": 0, "size": size}}


STIR = Family(
    "zoo_stir", "zoo_stir", [[0, 8], [8, 8], [16, 8], [24, 4], [28, 4]], {"n": "param(3, 0, i32)"},
    {"x": (tensor("float32", "n"), "param(1, 0, ptr)"), "rounds": (scalar("int32"), "param(4, 0, i32)")},
    {"y": (tensor("float32", "n"), "param(0, 0, ptr)")},
    "import torch\n\n\ndef run(x, rounds):\n    return 2 * x + 1\n", ["ceil_div(n, 256)"])
ADD = Family(
    "zoo_add", "zoo_add", [[0, 8], [8, 8], [16, 4]], {"n": "param(2, 0, i32)"},
    {"x": (tensor("float32", "n"), "param(0, 0, ptr)"), "y": (tensor("float32", "n"), "param(1, 0, ptr)")},
    {"sum": (tensor("float32", "n"), "param(0, 0, ptr)")},
    "import torch\n\n\ndef run(x, y):\n    return x + y\n", ["ceil_div(n, 256)"], [["sum", "x"]])
SUMS = Family(
    "zoo_row_sums", "zoo_row_sums", [[0, 8], [8, 8], [16, 4], [20, 4]],
    {"rows": "param(2, 0, i32)", "width": "param(3, 0, i32)"},
    {"x": (tensor("float32", "rows", "width"), "param(1, 0, ptr)")},
    {"sums": (tensor("float32", "rows"), "param(0, 0, ptr)")},
    "import torch\n\n\ndef run(x):\n    return x.sum(-1)\n", ["rows"])
NORM = Family(
    "zoo_rmsnorm", "zoo_norm", [[0, 8], [8, 8], [16, 8], [24, 4], [28, 4]],
    {"batch_size": "grid.x", "hidden_size": "param(4, 0, i32)"},
    {"hidden_states": (tensor("bfloat16", "batch_size", "hidden_size"), "param(1, 0, ptr)"),
     "weight": (tensor("bfloat16", "hidden_size"), "param(2, 0, ptr)"),
     "eps": (scalar("float32"), "param(3, 0, f32)")},
    {"output": (tensor("bfloat16", "batch_size", "hidden_size"), "param(0, 0, ptr)")},
    """import torch


def run(hidden_states, weight, eps):
    x = hidden_states.float()
    scale = torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps)
    return (x * scale * weight.float()).to(torch.bfloat16)
""", ["batch_size"])
FAMILIES = [STIR, ADD, SUMS, NORM]

ARGUMENTS = {
    # `spare` is a pointer of the incumbent's that is no tensor of the Definition.
    STIR.definition: [pointer("y"), pointer("x"), copied(2, 8), number("n"), number("rounds")],
    ADD.definition: [pointer("sum"), pointer("y"), number("n")],
    SUMS.definition: [pointer("sums"), pointer("x"), number("rows"), number("width")],
    NORM.definition: [pointer("output"), pointer("hidden_states"), pointer("weight"), number("eps", "f32"),
                      number("hidden_size")],
}
