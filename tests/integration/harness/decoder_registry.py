# SPDX-License-Identifier: Apache-2.0
"""Registries for the program `decoder`: good, slow and lying candidates for three of its kernels."""

import pathlib
import sys

from registry_maker import Kernel, Registry

IMAGE = "it_decoder_candidates.simcubin"


def kernel(name, *rest):
    made = Kernel(name, name, *rest, dtype="float32", image=IMAGE)
    made.definition_name = name
    return made


NORM = kernel("rms_norm", [[0, 8], [8, 8], [16, 8], [24, 4], [28, 4], [32, 4]],
              {"rows": "param(3, 0, i32)", "width": "param(4, 0, i32)"},
              {"x": (["rows", "width"], "param(0, 0, ptr)"), "weight": (["width"], "param(1, 0, ptr)")},
              {"y": (["rows", "width"], "param(2, 0, ptr)")})
PROJECT = kernel("project", [[0, 8], [8, 8], [16, 8], [24, 4], [28, 4]],
                 {"rows": "param(3, 0, i32)", "width": "param(4, 0, i32)"},
                 {"w": (["rows", "width"], "param(0, 0, ptr)"), "x": (["width"], "param(1, 0, ptr)")},
                 {"y": (["rows"], "param(2, 0, ptr)")})
SWIGLU = kernel("swiglu", [[0, 8], [8, 8], [16, 4]], {"n": "param(2, 0, i32)", "two": 2},
                {"gate_up": (["two", "n"], "param(0, 0, ptr)")}, {"y": (["n"], "param(1, 0, ptr)")})
KERNELS = {"norm": NORM, "project": PROJECT, "swiglu": SWIGLU}


def one_thread_per_row(entry):
    """A launch block for candidates that need only `rows` threads."""
    return NORM.launch(entry, grid=["ceil_div(rows, 128)"], block=[128])


def launch_of(name):
    kind = name.split("_")[0]
    return KERNELS[kind].launch(name) if name == "norm_slow" or kind != "norm" else one_thread_per_row(name)


def registry_with(test, *names):
    """A built registry in which these candidates are pinned, one for each kernel at most."""
    registry = Registry(test)
    for name in names:
        registry.add(KERNELS[name.split("_")[0]], name, launch_of(name))
    registry.build()
    return registry


class Place:
    """What a Registry wants of a test, for the command line."""

    def __init__(self, build, directory):
        self.build, self.dir = pathlib.Path(build), pathlib.Path(directory).parent
        self.root = pathlib.Path(directory)

    def path(self, _):
        self.root.mkdir(parents=True)
        return self.root


def main():
    """decoder_registry.py BUILD DIRECTORY CANDIDATE...: a registry with these candidates, none of them pinned."""
    if len(sys.argv) < 4:
        sys.exit(f"usage: {main.__doc__.split(':')[0]}")
    registry = Registry(Place(*sys.argv[1:3]))
    for name in sys.argv[3:]:
        registry.add(KERNELS[name.split("_")[0]], name, launch_of(name), pin=False)


if __name__ == "__main__":
    main()
