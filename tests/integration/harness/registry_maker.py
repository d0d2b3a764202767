# SPDX-License-Identifier: Apache-2.0
"""Registries for the simulated driver: Definitions, bindings and Solutions of the test kernels.

Every kernel of the test images that can have one gets a Solution with the same body under another name
(kernels/it_candidates.cpp), which copies all parameters of the original and is pinned by the policy.
"""

import base64
import json
import os
import shutil

from fibtest import require

OP_TYPE = "simulated"
AUTHOR = "harness"
HARDWARE = "Simulated"
IMAGE = "it_candidates.simcubin"
GEOMETRY = {"grid": ["grid.x", "grid.y", "grid.z"], "block": ["block.x", "block.y", "block.z"],
            "shared_memory": "smem"}


class Kernel:
    """An original kernel: its mangled name, what it computes as a Definition says it, and where that stands."""

    def __init__(self, name, candidate, parameters, axes, inputs, outputs, in_place=(), dtype="int32", image=IMAGE):
        self.name, self.candidate, self.parameters = name, candidate, parameters
        self.axes, self.inputs, self.outputs, self.in_place = axes, inputs, outputs, in_place
        self.dtype, self.image, self.definition_name = dtype, image, None

    @property
    def definition(self):
        return self.definition_name or self.candidate.removesuffix("_candidate")

    def definition_record(self):
        tensors = [{name: self.tensor(shape) for name, (shape, _) in part.items()}
                   for part in (self.inputs, self.outputs)]
        return {"name": self.definition, "op_type": OP_TYPE, "description": f"What {self.name} computes.",
                "axes": {name: {"type": "var", "description": "Values."} if isinstance(at, str) else
                         {"type": "const", "value": at, "description": "Values."} for name, at in self.axes.items()},
                "inputs": tensors[0], "outputs": tensors[1],
                "reference": "import torch\n\ndef run(" + ", ".join(self.inputs) + "):\n    return None\n"}

    def tensor(self, shape):
        return {"shape": shape, "dtype": self.dtype if shape is not None else "int32", "description": "Data."}

    def binding(self, **changes):
        match = {"kernel": {"name": self.name}, "parameters": self.parameters}
        return {"name": "engine", "definition": self.definition, "match": match, "axes": dict(self.axes),
                "inputs": {name: at for name, (_, at) in self.inputs.items()},
                "outputs": {name: at for name, (_, at) in self.outputs.items()}, **changes}

    def named(self):
        """Arguments that say which tensor each pointer is, as shadow verification needs it."""
        found = {at: name for part in (self.inputs, self.outputs) for name, (shape, at) in part.items()
                 if shape is not None}
        return [{"type": "ptr", "value": found[f"param({i}, 0, ptr)"]} if f"param({i}, 0, ptr)" in found else copy
                for i, copy in enumerate(self.copies())]

    def copies(self):
        return [{"copy": {"parameter": i, "offset": 0, "size": size}}
                for i, (_, size) in enumerate(self.parameters)]

    def launch(self, entry=None, **kernel):
        """A launch block that launches `entry` exactly as the original was launched."""
        attributes = {"dependent_launch": "carry", "max_dynamic_shared_memory": 70000}
        tensors = [name for part in (self.inputs, self.outputs) for name, (shape, _) in part.items()
                   if shape is not None]
        return {"kernels": [{"entry": entry or self.candidate, "module": self.image, **GEOMETRY,
                             "attributes": attributes, "arguments": self.copies(), **kernel}],
                "tensors": {name: {"alignment": 1, "tail": 1} for name in tensors},
                "in_place": [list(pair) for pair in self.in_place]}


def in_place(name, candidate, parameters, axes, pointer="param(0, 0, ptr)", shape=("n",), others=None,
             dtype="int32"):
    """A kernel whose output is one of its inputs."""
    return Kernel(name, candidate, parameters, axes, {"x": (list(shape), pointer), **(others or {})},
                  {"y": (list(shape), pointer)}, [("y", "x")], dtype)


def scalar(at):
    return (None, at)


N = {"n": "param(1, 0, i32)"}
ONE = {"one": 1}

KERNELS = {kernel.name: kernel for kernel in [
    in_place("_Z3addPiii", "add_candidate", [[0, 8], [8, 4], [12, 4]], N,
             others={"value": scalar("param(2, 0, i32)")}),
    in_place("_Z5twicePii", "twice_candidate", [[0, 8], [8, 4]], N),
    Kernel("_Z4copyPKiPii", "copy_candidate", [[0, 8], [8, 8], [16, 4]], {"n": "param(2, 0, i32)"},
           {"x": (["n"], "param(0, 0, ptr)")}, {"y": (["n"], "param(1, 0, ptr)")}),
    in_place("_Z5countPy", "count_candidate", [[0, 8]], ONE, shape=("one",), dtype="int64"),
    Kernel("_Z7nothingv", "nothing_candidate", [], ONE, {}, {}),
    Kernel("_Z4spini", "spin_candidate", [[0, 4]], ONE, {"microseconds": scalar("param(0, 0, i32)")}, {}),
    Kernel("axpy", "axpy_candidate", [[0, 32]], {"n": "param(0, 16, i16)"},
           {"x": (["n"], "param(0, 0, ptr)"), "y": (["n"], "param(0, 8, ptr)"), "factor": scalar(None)},
           {"sum": (["n"], "param(0, 8, ptr)")}, [("sum", "y")]),
    in_place("big", "big_candidate", [[0, 12008]], ONE, "param(0, 12000, ptr)", ("one",), dtype="int64"),
    in_place("mixed", "mixed_candidate", [[0, 1], [8, 8], [16, 2], [24, 8], [32, 4], [36, 1]], ONE,
             "param(3, 0, ptr)", ("one",)),
    Kernel("accumulate", "accumulate_candidate", [[0, 8], [8, 8], [16, 4]], {"n": "param(2, 0, i32)"},
           {"x": (["n"], "param(0, 0, ptr)"), "more": (["n"], "param(1, 0, ptr)")},
           {"y": (["n"], "param(0, 0, ptr)")}, [("y", "x")]),
    Kernel("blend", "blend_candidate", [[0, 8], [8, 8], [16, 4], [20, 4], [24, 4], [28, 4]],
           {"rows": "param(2, 0, i32)", "width": "param(3, 0, i32)"},
           {"x": (["rows", "width"], "param(0, 0, ptr)"), "value": scalar("param(4, 0, i32)")},
           {"y": (["rows", "width"], "param(1, 0, ptr)")}, [("y", "x")]),
]}
BLEND = KERNELS["blend"]


def blend_fast():
    """Another implementation of `blend`: other arguments, half the threads."""
    arguments = [{"type": "i32", "value": name} for name in ("rows", "width", "value")]
    arguments += [{"type": "ptr", "value": name} for name in ("x", "y")]
    return BLEND.launch("blend_fast", grid=["ceil_div(rows * width, 512)"], block=[256], arguments=arguments)


def blend_in_two():
    """`blend` by two kernels with a workspace between them."""
    count = {"type": "i32", "value": "rows * width"}
    value = {"type": "i32", "value": "value"}

    def pointer(name):
        return {"type": "ptr", "value": name}

    launch = BLEND.launch()
    shape = {"module": IMAGE, "grid": [1], "block": [512], "shared_memory": 0}
    launch["kernels"] = [
        {"entry": "blend_first", **shape, "arguments": [pointer("x"), pointer("workspace"), count]},
        {"entry": "blend_second", **shape, "arguments": [pointer("workspace"), pointer("y"), count, value]}]
    launch["workspace"] = "rows * width * 4"
    launch["in_place"] = []
    return launch


class Registry:
    """A registry directory; what is added is written at once."""

    def __init__(self, test, name="registry"):
        self.test, self.root = test, test.path(name)
        self.cache = test.dir / f"{name}-cache"
        self.policies = {}
        os.umask(0o022)  # what others can write to is refused
        os.chmod(self.root, 0o755)

    def write(self, path, record):
        path = self.root / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(record if isinstance(record, str) else json.dumps(record, indent=1))
        return path

    def define(self, kernel, **changes):
        record = {**kernel.definition_record(), **changes}
        return self.write(f"definitions/{OP_TYPE}/{kernel.definition}.json", record)

    def bind(self, kernel, name="engine", **changes):
        binding = kernel.binding(**changes)
        return self.write(f"bindings/{OP_TYPE}/{kernel.definition}/{name}.json", {**binding, "name": name})

    def solve(self, kernel, name=None, launch=None, image=None):
        """A Solution of `kernel`'s Definition whose binary is a simulated module."""
        name = name or kernel.candidate
        content = (self.test.build / "sim" / kernel.image).read_bytes() if image is None else image
        record = {"name": name, "definition": kernel.definition, "author": AUTHOR,
                  "description": "The same under another name.",
                  "spec": {"language": "cuda", "target_hardware": [HARDWARE], "entry_point": f"{kernel.image}::run",
                           "launch": launch or kernel.launch()},
                  "sources": [{"path": kernel.image, "encoding": "base64",
                               "content": base64.b64encode(content).decode()}]}
        return self.write(f"solutions/{AUTHOR}/{OP_TYPE}/{kernel.definition}/{name}.json", record)

    def policy(self, definition, **members):
        self.policies.setdefault(definition, {}).update(members)
        return self.write("bindings/policies.json", {"per_definition": self.policies})

    def pin(self, definition, solution):
        return self.policy(definition, pin=solution)

    def workload(self, kernel, uuid, **axes):
        inputs = {name: {"type": "random"} if shape is not None else {"type": "scalar", "value": 1}
                  for name, (shape, _) in kernel.inputs.items()}
        return {"definition": kernel.definition, "solution": None, "evaluation": None,
                "workload": {"uuid": uuid, "axes": axes, "inputs": inputs}}

    def measured(self, kernel, solution, hardware, *shapes, speedup=2.0):
        """Results of a Solution for tuples of axes, each as fast as `speedup` says."""
        lines = []
        for number, axes in enumerate(shapes):
            trace = self.workload(kernel, f"{kernel.definition}-{number}", **axes)
            self.append(f"workloads/{OP_TYPE}/{kernel.definition}.jsonl", trace)
            performance = {"latency_ms": 0.01, "reference_latency_ms": 0.05, "speedup_factor": 5.0,
                           "fibshim": {"incumbent_latency_ms": 0.01 * speedup, "speedup_low": speedup * 0.98,
                                       "confidence": 0.95}}
            lines.append({**trace, "solution": solution, "evaluation": {
                "status": "PASSED", "timestamp": "2026-01-01T00:00:00", "log": "",
                "environment": {"hardware": hardware, "libs": {"cuda": "13.0"}},
                "correctness": {"max_relative_error": 0.0, "max_absolute_error": 0.0},
                "performance": performance}})
        for line in lines:
            self.append(f"traces/{AUTHOR}/{OP_TYPE}/{kernel.definition}.jsonl", line)

    def append(self, path, record):
        path = self.root / path
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as out:
            out.write(json.dumps(record) + "\n")

    def add(self, kernel, solution=None, launch=None, binding=None, pin=True):
        """Definition, binding, Solution, and the policy that pins it."""
        solution = solution or kernel.candidate
        self.define(kernel)
        self.bind(kernel, **(binding or {}))
        self.solve(kernel, solution, launch)
        if pin:
            self.pin(kernel.definition, solution)
        return self

    def build(self, *options):
        """Compiles (here: copies) the binaries into the cache."""
        command = [self.test.fib, "registry", "build", self.root, *options]
        result = self.test.run(command, self.test.env(**self.env()), cwd=self.test.dir)
        require(result.returncode == 0, f"fib registry build: {result.returncode}\n{result.out}{result.err}")
        return result

    def env(self, **extra):
        """Variables of a process that uses it."""
        return {"FIB_DATASET_PATH": self.root, "FIB_CACHE_PATH": self.cache, **extra}

    def remove(self):
        shutil.rmtree(self.root)


def everything(test, named=False):
    """A built registry with a candidate for every kernel; `named`: see Kernel.named()."""
    registry = Registry(test)
    for kernel in KERNELS.values():
        registry.add(kernel, launch=kernel.launch(arguments=kernel.named()) if named else None)
    registry.build()
    return registry

