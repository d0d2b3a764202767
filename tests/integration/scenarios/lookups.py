# SPDX-License-Identifier: Apache-2.0
"""The table of all lookups (programs/lookup_table.cpp) is the same under the shim, and the pointers are
wrappers exactly where driver_api.def says so."""

import difflib
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from scenario import case, main, require, require_clean


def compare(test, mode, wrapped, **env):
    program = test.program("lookup_table")
    direct = test.run([program], test.env(**env))
    require_clean(direct)
    require(direct.out.count("\n") > 10000, "the table is too short")
    require(direct.out.count("found cu") > 5000, "hardly anything was found")
    shimmed = test.run([program], test.shim_env(mode, test.dir / "capture",
                                                FIBTEST_EXPECT_WRAPPED=int(wrapped), **env))
    require_clean(shimmed)
    changes = list(difflib.unified_diff(direct.out.splitlines()[:200000], shimmed.out.splitlines()[:200000],
                                        "direct", "shim", lineterm="", n=0)) if direct.out != shimmed.out else []
    require(not changes, f"{len(changes)} lines differ:\n" + "\n".join(changes[:40]))
    require(not (test.dir / "capture").exists(), "looking up left a capture")


@case
def record(test):
    compare(test, "record", wrapped=True)


@case
def off(test):
    """Wrappers that do nothing but call on, so that the mode need not be known at the first lookup."""
    compare(test, "off", wrapped=True)


@case
def old_driver(test):
    """A driver of 11.5 without the newer names."""
    compare(test, "record", wrapped=True, FIBSIM_FAULTS="version=11050")


@case
def missing_names(test):
    compare(test, "record", wrapped=True, FIBSIM_FAULTS="missing=cuLaunchKernelEx+cuGraphLaunch")


@case
def disabled(test):
    """FIBSHIM_DISABLE=1: nothing is substituted."""
    compare(test, "record", wrapped=False, FIBSHIM_DISABLE=1)


if __name__ == "__main__":
    main()
