# SPDX-License-Identifier: Apache-2.0
"""Windows: when they begin and end, and that the program is none the worse for them."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
import replay
from scenario import Skipped, case, main, one_process, require, require_clean
from storage import mounted

REFUSED, CUT, EFFECT_LOST = "11", "12", "17"


def capture_of(test):
    return test.dir / "capture"


def rounds(test, spec, *words, shim_lines=0, **env):
    """`rounds WORDS` with a window as without the shim; the shimmed result."""
    program = [test.program("rounds"), *map(str, words)]
    direct = test.run(program, test.env())
    require_clean(direct)
    result = replay.record(test, program, spec, **env)
    require_clean(result, shim_lines=shim_lines)
    require(result.out == direct.out, f"stdout differs:\n{direct.out}\n--- shim\n{result.out}")
    return result


def windows(test):
    result = test.tool("info", "--json", capture_of(test))
    require(result.returncode == 0, result.err)
    return [w for process in json.loads(result.out)["processes"] for w in process["windows"]]


def one_window(test, reason, end_reason, **fields):
    (window,) = windows(test)
    fields |= {"reason": reason, "end_reason": end_reason, "ended": True}
    found = {key: window[key] for key in fields}
    require(found == fields, f"{found}, expected {fields}\n{window}")
    return window


def exact(test, number=1, level="window"):
    report = replay.replayed(test, capture_of(test), "--window", str(number), "--verify", level)
    replay.require_totals(report)
    return report


def deviations(test):
    return one_process(test)["deviations"]


# ---- triggers: a round is two launches and one graph launch -------------------------------------

@case
def by_launch(test):
    rounds(test, "at-launch=5,launches=4", 6)
    one_window(test, "launches", "launches", launches=4, graph_launches=1)
    exact(test)
    require(not deviations(test), f"{deviations(test)}")


@case
def by_graph_launch(test):
    rounds(test, "at-graph-launch=2,graph-launches=3", 6)
    one_window(test, "graph launches", "graph launches", graph_launches=3, launches=4)
    exact(test)


@case
def by_kernel(test):
    """From one launch of a kernel to just before the next."""
    rounds(test, "at-kernel=twice,until-kernel=twice,verify=launch", 6)
    one_window(test, "kernel", "kernel", launches=2, graph_launches=1, text="twice")
    exact(test, level="launch")


@case
def by_range(test):
    shim = test.shim
    if not (pathlib.Path("/usr/local/cuda/include/nvtx3/nvToolsExt.h").exists()):
        raise Skipped("no NVTX headers")
    rounds(test, "at-range=middle", 8, "range", NVTX_INJECTION64_PATH=shim)
    one_window(test, "range", "range", launches=6, graph_launches=3, text="middle")
    exact(test)


@case
def by_signal(test):
    """From one SIGUSR2 to the next; the program ignores it."""
    rounds(test, "at-signal=USR2", 8, "signal")
    one_window(test, "signal", "signal", launches=6, graph_launches=3)
    exact(test)


@case
def by_time(test):
    rounds(test, "at-time=0.1,seconds=0.1", 200, "slow")
    window = one_window(test, "time", "time")
    require(0.05e9 < window["span_ns"] < 2e9 and window["launches"] > 0, f"{window}")
    exact(test)


@case
def to_the_end_of_the_process(test):
    rounds(test, "at-launch=3", 4)
    one_window(test, "launches", "process end", launches=6, graph_launches=3)


@case
def several(test):
    """Each trigger counts anew from the end of the window before."""
    rounds(test, "at-launch=3,launches=2,count=3", 10)
    found = windows(test)
    require([w["launches"] for w in found] == [2, 2, 2], f"{found}")
    for number in (1, 2, 3):
        exact(test, number)


@case
def never_triggered(test):
    rounds(test, "at-launch=1000,launches=2", 3)
    require(windows(test) == [], "a window")
    require(not (capture_of(test) / "pages").exists(), "pages of no window")


@case
def not_understood(test):
    """One line, and the recording goes on without windows; `fib record` refuses at once."""
    result = rounds(test, "at-lunch=1", 3, shim_lines=1)
    require("at-lunch" in result.err, result.err)
    require(windows(test) == [] and sum(one_process(test)["executed"].values()) > 0, "recorded")
    refused = test.tool("record", "--window", "at-lunch=1", "-o", test.dir / "other", "--", "true")
    require(refused.returncode == 2 and "at-lunch" in refused.err, refused.err)
    require(not (test.dir / "other").exists(), "a directory was made")


# ---- safe points --------------------------------------------------------------------------------

@case
def capture_active(test):
    """The trigger comes while a stream is captured: the window begins when that is over."""
    rounds(test, "at-launch=5,launches=4", 8, "capture")
    window = one_window(test, "launches", "launches", launches=4)
    require("capture" in notes(test), "nothing says that the window had to wait")
    require(deviations(test) == {REFUSED: 1}, f"{deviations(test)}")
    require(window["points"] == 0, f"{window}")
    exact(test)


def notes(test):
    out = test.tool("dump", "--type", "deviation", capture_of(test)).out
    return " ".join(json.loads(line)["text"] for line in out.splitlines())


@case
def beside_a_thread_that_waits(test):
    """Threads in cuCtxSynchronize hold up no window."""
    rounds(test, "at-launch=5,launches=4,count=3", 12, "synchronous")
    found = windows(test)
    require(len(found) == 3 and all(w["ended"] and w["launches"] == 4 for w in found), f"{found}")
    require(not deviations(test), f"{deviations(test)}")


@case
def sixteen_threads(test):
    """Windows open and close while 16 threads launch; what is within them is consistent."""
    rounds(test, "at-launch=20,launches=15,count=8", 12, "threads")
    found = windows(test)
    require(len(found) >= 5 and all(w["ended"] for w in found), f"{found}")
    # Threads that were inside when the count was reached finish their call.
    require(all(15 <= w["launches"] < 32 for w in found), f"{found}")
    for number in (1, 3, 5):
        exact(test, number)


@case
def sixteen_threads_verified(test):
    rounds(test, "at-launch=50,launches=40,verify=launch", 6, "threads")
    (window,) = windows(test)
    require(window["points"] >= window["launches"], f"{window}")
    exact(test, level="launch")


# ---- what goes wrong ----------------------------------------------------------------------------

@case
def image_over_budget(test):
    """The image alone is more than the budget: no window, one line."""
    result = rounds(test, "at-launch=5,bytes=64K", 4, shim_lines=1)
    require("budget" in result.err, result.err)
    require(windows(test) == [] and deviations(test) == {REFUSED: 1}, f"{deviations(test)}")


@case
def cut_by_bytes(test):
    rounds(test, "at-launch=5,bytes=400K,verify=launch", 20)
    window = one_window(test, "launches", "bytes")
    require(window["stored_bytes"] < 2 << 20 and deviations(test) == {CUT: 1}, f"{deviations(test)}")
    exact(test, level="launch")


@case
def cut_by_seconds(test):
    rounds(test, "at-launch=5,budget-seconds=0.1", 100, "slow")
    one_window(test, "launches", "seconds")
    require(deviations(test) == {CUT: 1}, f"{deviations(test)}")
    exact(test)


@case
def disk_full(test):
    """The page files outgrow the disk: the window ends with a deviation, the program does not."""
    with mounted(test, "size=1m") as point:
        program = [test.program("rounds"), "60"]
        direct = test.run(program, test.env())
        env = test.shim_env("record", point / "capture", FIBSHIM_WINDOW="at-launch=1,verify=launch")
        result = test.run(program, env)
        require(result.returncode == 0 and result.out == direct.out, f"{result.out}{result.err}")
        require(os.strerror(28) in result.err and len(result.shim_lines) <= 2, result.err)
        info = test.tool("info", point / "capture")
        require(info.returncode in (0, 1), info.err)


@case
def fork_inside(test):
    """A child that is forked within a window is not in it."""
    rounds(test, "at-launch=3,launches=6", 6, "fork")
    one_window(test, "launches", "launches", launches=6)
    exact(test)


@case
def no_membarrier(test):
    """Without membarrier(2) there are no windows, and everything else is as ever."""
    program = [test.program("rounds"), "3"]
    helper = test.program("without_membarrier")
    direct = test.run(program, test.env())
    env = test.shim_env("record", capture_of(test), FIBSHIM_WINDOW="at-launch=1")
    result = test.run([helper, *program], env)
    require_clean(result, shim_lines=1)
    require(result.out == direct.out and "membarrier" in result.err, result.err)
    require(windows(test) == [] and deviations(test) == {REFUSED: 1}, f"{deviations(test)}")


# ---- fib ctl ------------------------------------------------------------------------------------

@contextlib.contextmanager
def running(test, spec="", count=1000):
    env = test.shim_env("record", capture_of(test), FIBSHIM_WINDOW=spec)
    command = [str(test.program("rounds")), str(count), "slow"]
    test.last_command = test.describe(command, env, test.path("cwd"))
    process = subprocess.Popen(command, env=env, cwd=test.path("cwd"), text=True, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    try:
        while process.stderr.readline().strip() != "3":
            require(process.poll() is None, "the program ended early")
        yield process
    finally:
        process.kill()
        process.communicate()


def ctl(test, process, *words, code=0, says=""):
    result = test.tool("ctl", str(process.pid), *words)
    require(result.returncode == code, f"fib ctl {words}: exit code {result.returncode}\n{result.out}{result.err}")
    require(says in result.out + result.err, f"{says!r} is not said:\n{result.out}{result.err}")
    return result


def end(process):
    out, err = process.communicate(timeout=60)
    require(process.returncode == 0 and "EXIT-SUCCESS" in out, f"{process.returncode}\n{out}{err[-2000:]}")
    require("fibshim" not in err, err)


@case
def control(test):
    with running(test) as process:
        ctl(test, process, "status", says="no window")
        ctl(test, process, "window", "stop", code=1, says="no window")
        ctl(test, process, "window", "start")
        ctl(test, process, "status", says="in a window")
        ctl(test, process, "window", "start", code=1, says="open already")
        time.sleep(0.05)
        ctl(test, process, "window", "stop")
        ctl(test, process, "window", "start", "--window", "launches=6,verify=launch")
        end(process)
    first, second = windows(test)
    require(first["reason"] == first["end_reason"] == "control" and first["launches"] > 0, f"{first}")
    require(second["end_reason"] == "launches" and second["launches"] == 6, f"{second}")
    exact(test, 1)
    exact(test, 2, "launch")


@case
def control_refusals(test):
    with running(test) as process:
        ctl(test, process, "window", "start", "--window", "at-launch=3", code=2, says="at-")
        ctl(test, process, "window", "start", "--window", "lunches=3", code=2, says="lunches")
        ctl(test, process, "window", "pause", code=2, says="window stop")
        ctl(test, process, "status", "--window", "launches=3")
        process.send_signal(signal.SIGSTOP)
        ctl(test, process, "window", "start", "--timeout", "0.3", code=1, says="no answer")
        process.send_signal(signal.SIGCONT)
    result = test.tool("ctl", str(os.getpid()), "status")
    require(result.returncode == 2 and "not being recorded" in result.err, result.err)
    result = test.tool("ctl", "999999999", "status")
    require(result.returncode == 2 and "no process" in result.err, result.err)


@case
def control_beside_a_trigger(test):
    """`fib ctl` comes first; the configured window follows later."""
    with running(test, "at-time=1,launches=4", count=600) as process:
        ctl(test, process, "status", says="trigger")
        ctl(test, process, "window", "start", "--window", "launches=3")
        end(process)
    found = windows(test)
    require([w["reason"] for w in found][:1] == ["control"], f"{found}")


if __name__ == "__main__":
    main()
