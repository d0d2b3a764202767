# SPDX-License-Identifier: Apache-2.0
"""A/A tests with three commands: a program is recorded, its own kernels become Solutions, and it runs again
with every launch redirected to its copy. Nothing may change but what the counters say."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from applied import Report
from scenario import case, main, one_process, recorded, require, require_clean


def fib(test, *arguments, code=0):
    result = test.tool(*arguments)
    require(result.returncode == code, f"fib {' '.join(map(str, arguments))}: {result.returncode}\n"
                                       f"{result.out}{result.err}")
    return result


def bound(test, *command):
    """Records the program and binds all of its kernels; the registry."""
    require_clean(recorded(test, command))
    registry = test.dir / "registry"
    fib(test, "registry", "bind", "--from", test.dir / "capture", "--kernel", ".", "--registry", registry,
        "--incumbent-solution")
    fib(test, "registry", "validate", registry)
    return registry


def explained(test, registry):
    """{reason: launches} over all kernels of the capture."""
    result = fib(test, "explain", test.dir / "capture", "--registry", registry, "--json")
    counts = {}
    for kernel in json.loads(result.out)["kernels"]:
        for reason in kernel["reasons"]:
            counts[reason["reason"]] = counts.get(reason["reason"], 0) + reason["launches"]
    return counts


def copies_itself(test, program, *arguments, eager=0, in_graphs=0):
    command = [test.program(program), *arguments]
    registry = bound(test, *command)
    counts = explained(test, registry)
    require(set(counts) == {"Pinned"}, f"explain: {counts}")
    fib(test, "registry", "build", registry, "--arch", "sm_90")
    direct = test.run(command, test.env())
    report = test.dir / "report"
    env = test.shim_env("apply", None, FIB_DATASET_PATH=registry, FIBSHIM_REPORT=report)
    applied = test.run(command, env)
    require_clean(applied)
    require(applied.out == direct.out, f"stdout differs:\n{direct.out}\n--- applied\n{applied.out}")
    counters = Report(test, report)
    require(counters.of_candidate("eager") >= eager, f"eager redirects\n{counters}")
    require(counters.of_candidate("in_graphs") >= in_graphs, f"redirects in graphs\n{counters}")
    require(counters.of_candidate("failed") == 0, f"failures\n{counters}")
    require(counters.reason("Pinned") > 0, f"nothing was pinned\n{counters}")


@case
def eager(test):
    copies_itself(test, "eager.plt", eager=102)


@case
def structures_and_buffers(test):
    """Parameters of every size and by-value structures, some passed as one buffer."""
    copies_itself(test, "parameters.plt", "plain", eager=5)


@case
def library_kernels(test):
    copies_itself(test, "library_kernels.dlsym", eager=1)


@case
def graphs(test):
    copies_itself(test, "graph_nodes.plt", in_graphs=1)


@case
def counts_agree(test):
    """explain looks up as many launches as were recorded."""
    registry = bound(test, test.program("eager.plt"))
    launches = one_process(test, launches=True)["launches"]
    counts = explained(test, registry)
    require(sum(counts.values()) == len(launches), f"{counts} of {len(launches)} launches")
    result = fib(test, "explain", test.dir / "capture", "--registry", registry, "--kernel", "add")
    require("Pinned" in result.out and "1 kernel," in result.out, result.out)


@case
def variables_are_refused(test):
    """A copy of a kernel has variables of its own, and the program sets them: there must be no copy."""
    require_clean(recorded(test, [test.program("symbols"), "eager"]))
    result = test.tool("registry", "bind", "--from", test.dir / "capture", "--kernel", ".", "--incumbent-solution")
    require("a copy would have its own" in result.err, f"{result.returncode}\n{result.out[:2000]}{result.err}")


if __name__ == "__main__":
    main()
