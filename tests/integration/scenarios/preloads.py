# SPDX-License-Identifier: Apache-2.0
"""Other preloads that interpose dlsym, before ours and after; and loads that go past all preloads."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from scenario import case, main, one_process, processes_in, recorded, require, require_clean


def with_other(test, where, program="eager.dlsym", shim_lines=0, **env):
    preload = {where: [test.library("libfibtest_other.so")]}
    result = recorded(test, [test.program(program)], preload=preload, **env)
    require_clean(result, shim_lines=shim_lines)
    require(not shim_lines or "libfibtest_other.so" in result.shim_lines[0], result.err)
    process = one_process(test)
    require(process["status"] == "Complete", process["status"])
    require(process["executed"].get("_Z3addPiii") == 101, f"{process['executed']}")


@case
def other_before(test):
    with_other(test, "before")


@case
def other_after(test):
    """Its substitutions are bypassed, which is said."""
    with_other(test, "after", shim_lines=1)


@case
def other_after_chained(test):
    """FIBSHIM_CHAIN=1: lookups go on to it, which is said, too."""
    with_other(test, "after", shim_lines=1, FIBSHIM_CHAIN=1)


@case
def other_before_gpa(test):
    with_other(test, "before", "eager.gpa2")


@case
def other_after_old_dlsym(test):
    with_other(test, "after", "eager.dlsym_old", shim_lines=1)


@case
def hook_before(test):
    """A hook of an exported name in front of ours calls on to ours, and each launch is recorded once."""
    result = recorded(test, [test.program("eager.plt")],
                      preload={"before": [test.library("libfibtest_hook.so")]})
    require_clean(result)
    require("hook: 102 launches" in result.err, result.err)
    require(one_process(test)["executed"].get("_Z3addPiii") == 101, "launches")


@case
def hook_as_library(test):
    """RTLD_NEXT asked by a library that stands behind ours: the driver's own address would escape us."""
    require_clean(recorded(test, [test.program("next_launch")]))
    require(one_process(test)["executed"] == {"_Z7nothingv": 3}, "launches through RTLD_NEXT")


@case
def plain_plugin(test):
    require_clean(recorded(test, [test.program("plugin_host"), "plain"]))
    require(one_process(test)["executed"] == {"_Z3addPiii": 3}, "launches of a plugin")


def bypass(test, how, word):
    """The plugin works; its launches cannot be seen, which must be said in one line."""
    result = recorded(test, [test.program("plugin_host"), how])
    require_clean(result, shim_lines=1)
    require(word in result.shim_lines[0], f"{word} is not named: {result.shim_lines[0]}")
    for process in processes_in(test.dir / "capture"):
        require(not process.name.endswith(".partial"), f"{process.name} was not closed")


@case
def deepbind(test):
    bypass(test, "deepbind", "RTLD_DEEPBIND")


@case
def dlmopen(test):
    bypass(test, "dlmopen", "dlmopen")


if __name__ == "__main__":
    main()
