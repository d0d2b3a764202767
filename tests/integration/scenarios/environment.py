# SPDX-License-Identifier: Apache-2.0
"""What the environment says to the shim, and processes that have little of one."""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from scenario import case, main, one_process, processes_in, recorded, require, require_clean


def nothing_recorded(test):
    require(not (test.dir / "capture").exists(), "a capture was made")


@case
def mode_unset(test):
    require_clean(recorded(test, [test.program("eager.plt")], mode=None))
    nothing_recorded(test)


@case
def mode_nonsense(test):
    result = recorded(test, [test.program("eager.plt")], mode="recrod")
    require_clean(result, shim_lines=1)
    require("recrod" in result.err, f"the message does not name the value: {result.err}")
    nothing_recorded(test)


@case
def disabled(test):
    require_clean(recorded(test, [test.program("eager.plt")], FIBSHIM_DISABLE=1))
    nothing_recorded(test)


@case
def disabled_zero(test):
    """Only a value that means yes disables."""
    require_clean(recorded(test, [test.program("eager.plt")], FIBSHIM_DISABLE=0))
    one_process(test)


@case
def true_command(test):
    """A process without CUDA leaves nothing and hears nothing."""
    result = recorded(test, ["true"])
    require_clean(result, success_line=False)
    require(not result.err, result.err)
    nothing_recorded(test)


@case
def no_driver(test):
    program = test.program("no_driver")
    env = {"LD_LIBRARY_PATH": "/nonexistent"}
    direct = test.run([program], test.env(**env))
    for mode in ("off", "record"):
        result = test.run([program], test.shim_env(mode, test.dir / "capture", **env))
        require_clean(result)
        require(result.out == direct.out, f"{mode}: {result.out}\n--- direct\n{direct.out}")
    nothing_recorded(test)


@case
def initialised_only(test):
    """cuInit without a launch leaves no litter."""
    require_clean(recorded(test, [test.program("dlsym_semantics")]))
    nothing_recorded(test)


@case
def filter_by_name(test):
    require_clean(recorded(test, [test.program("eager.plt")], FIBSHIM_FILTER="twice"))
    process = one_process(test, launches=True)
    require(process["executed"] == {"_Z5twicePii": 1}, f"{process['executed']}")


@case
def process_filter(test):
    program = test.program("eager.plt")
    require_clean(recorded(test, [program], FIBSHIM_PROCESS="no-such-program"))
    nothing_recorded(test)
    require_clean(recorded(test, [program], FIBSHIM_PROCESS="eager"))
    one_process(test)


@case
def rank(test):
    require_clean(recorded(test, [test.program("eager.plt")], RANK=3, LOCAL_RANK=1, WORLD_SIZE=8))
    process = one_process(test)
    require(process["rank"] == 3 and process["dir"].startswith("rank3-pid"), str(process["dir"]))


@case
def fib_record(test):
    """Through the tool: exit code passed on, its summary, a filter."""
    capture = test.dir / "capture"
    env = test.env()
    program = test.program("eager.plt")
    if test.sanitizer_runtime:
        env["ASAN_OPTIONS"] += ":verify_asan_link_order=0"
    result = test.run([test.fib, "record", "-o", capture, "--filter", "add", "--", program], env)
    require(result.returncode == 0 and result.out.endswith("EXIT-SUCCESS\n"), f"{result.out}{result.err}")
    require(one_process(test)["executed"] == {"_Z3addPiii": 101}, "filter")
    again = test.run([test.fib, "record", "-o", test.dir / "second", "--", "sh", "-c", "exit 7"], env)
    require(again.returncode == 7, f"exit code {again.returncode}")
    require("nothing was recorded" in again.err, again.err)


def adverse(test, how):
    result = recorded(test, [test.program("adverse"), how])
    require_clean(result)
    return one_process(test)


@case
def stderr_closed(test):
    require(adverse(test, "stderr-closed")["status"] == "Complete", "status")


@case
def all_closed(test):
    require(adverse(test, "all-closed")["status"] == "Complete", "status")


@case
def no_home(test):
    require(adverse(test, "no-home")["status"] == "Complete", "status")


@case
def no_cwd(test):
    require(adverse(test, "no-cwd")["status"] == "Complete", "status")


@case
def relative_capture_dir(test):
    """Relative to where the process was when it started to record."""
    require_clean(recorded(test, [test.program("eager.plt")], capture="below/it"))
    require(len(processes_in(test.path("cwd") / "below/it")) == 1, "not below the working directory")


@case
def fd_limit(test):
    result = recorded(test, [test.program("fd_limit")])
    require_clean(result, shim_lines=1)
    require(os.strerror(24) in result.err, f"the message does not give the reason: {result.err}")


if __name__ == "__main__":
    main()
