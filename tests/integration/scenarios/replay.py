# SPDX-License-Identifier: Apache-2.0
"""Windows that were brought back: what differs is found and named, what cannot be is refused with a reason."""

import json
import pathlib
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
import replay
from scenario import case, main, one_process, require, require_clean

EAGER = ("forms", "eager", "device")  # per step: add, twice, accumulate, accumulate
LAUNCHES_PER_STEP = 4
PART = "at-launch=1,launches=20,verify=launch"  # the program's memory is live at its end


def capture_of(test):
    return test.dir / "capture"


def recorded(test, *command, spec=replay.WHOLE, **env):
    """A program recorded with a window; its result is as without the shim."""
    program = [test.program(command[0]), *command[1:]]
    direct = test.run(program, test.env(**env))
    result = replay.record(test, program, spec, **env)
    require_clean(result)
    require(result.out == direct.out, f"stdout differs:\n{direct.out}\n--- shim\n{result.out}")
    return result


def refused(test, *needles, options=(), code=None, **env):
    """A replay that must not start: one line of error that says all of `needles`."""
    result, _ = replay.run(test, capture_of(test), *options, env=env)
    require(result.returncode != 0, f"not refused:\n{result.out}")
    require(code is None or result.returncode == code, f"exit code {result.returncode}, not {code}\n{result.err}")
    for needle in needles:
        require(needle.lower() in result.err.lower(), f"{needle!r} is not said:\n{result.err}")
    require(len(result.err.splitlines()) <= 3, f"more than a few lines:\n{result.err}")
    require("please report" not in result.err, result.err)
    return result


def edit(test, *words):
    result = test.run([test.program("edit_capture"), replay.log_of(capture_of(test)), *map(str, words)], test.env())
    require(result.returncode == 0, result.err)


def windows(test):
    result = test.tool("info", "--json", capture_of(test))
    return [w for process in json.loads(result.out)["processes"] for w in process["windows"]]


def dumped(test, kind):
    """Records of one type, as `fib dump` prints them."""
    lines = test.tool("dump", "--type", kind, capture_of(test)).out.splitlines()
    return [json.loads(line) for line in lines]


def exact(test, *options, **env):
    report = replay.replayed(test, capture_of(test), *options, env=env)
    replay.require_totals(report)
    return report


# ---- what differs -------------------------------------------------------------------------------

@case
def changed_parameter(test):
    """The launch whose parameter was altered in the log is the first that diverges."""
    recorded(test, *EAGER, spec=PART)
    edit(test, "param", 2 * LAUNCHES_PER_STEP + 1, 12)  # add(p, n, value) of the third step
    diverges_at(test, 9, "add")


@case
def changed_grid(test):
    recorded(test, "eager.plt", spec="at-launch=1,launches=100,verify=launch")
    edit(test, "grid", 51, 4)
    diverges_at(test, 51, "add")


def diverges_at(test, number, name):
    for level in ("launch", "window"):
        report = replay.replayed(test, capture_of(test), "--verify", level, code=1)
        require(f"launch {number}" in report.divergence and name in report.divergence,
                f"{report.divergence!r}, expected launch {number} of {name}\n{report}")
        if level == "launch":
            first = min((launch["launch"] for launch in report.with_verdict("mismatch")), default=0)
            require(first == number, f"the first mismatch is {first}\n{report}")


@case
def corrupted_page(test):
    """A flipped bit in the page store is found where the page is needed, and the page is named. Contents of
    pages between launches are needed only where something differs."""
    recorded(test, *EAGER, spec="at-launch=6,launches=12,verify=launch")
    pages = max((capture_of(test) / "pages").iterdir(), key=lambda path: path.stat().st_size)
    whole = pages.read_bytes()
    refusals = 0
    for place in range(40, len(whole), max(1, len(whole) // 12)):
        altered = bytearray(whole)
        altered[place] ^= 4
        pages.write_bytes(altered)
        result, report = replay.run(test, capture_of(test), "--verify", "launch")
        require(result.returncode in (0, 2) and "please report" not in result.err, result.err)
        if result.returncode == 2:
            refusals += 1
            require("page" in result.err, f"no page is named:\n{result.err}")
        else:
            replay.require_totals(report)
    require(refusals > 0, "no page that was altered was needed")
    pages.write_bytes(whole)
    exact(test)


@case
def nothing_to_compare(test):
    """All memory was freed before the window's end: the replay must not pass for exact."""
    recorded(test, *EAGER, spec="at-launch=1,verify=window")
    report = replay.replayed(test, capture_of(test), "--verify", "window")
    require(report.document["outcome"]["pages"] == 0, "the program leaves something behind")
    require(report.document["outcome"]["verdict"] == "unverified" and report.totals["exact"] == 0, f"{report}")


@case
def unrepeatable_is_named(test):
    """What differs from itself is nondeterministic, with the cause; what comes after it is not blamed."""
    recorded(test, "unrepeatable")
    report = replay.replayed(test, capture_of(test), "--verify", "launch")
    replay.require_totals(report, nondeterministic=5)
    for launch in report.with_verdict("nondeterministic"):
        require(report.kernel(launch) == "random_sum" and launch["reason"], f"{launch}")


# ---- windows ------------------------------------------------------------------------------------

@case
def part_of_a_program(test):
    recorded(test, *EAGER, spec="at-launch=6,launches=9,verify=launch")
    require(exact(test, "--verify", "launch").launches == 9, "9 launches are in the window")


def middle(test, form, spec):
    """Windows that begin when memory of every kind has contents, and end while it is live."""
    programs = [("forms", form, memory) for memory in ("device", "pool", "mapped", "pinned", "registered", "managed")]
    for command in [*programs, ("symbols", form), ("pointer_array", form)]:
        shutil.rmtree(capture_of(test), ignore_errors=True)
        recorded(test, *command, spec=spec)
        require(windows(test), f"no window: {command}")
        for level in ("launch", "window"):
            exact(test, "--verify", level)


@case
def middle_eager(test):
    middle(test, "eager", "at-launch=3,launches=2,verify=launch")


@case
def middle_captured(test):
    middle(test, "captured", "at-graph-launch=3,graph-launches=2,verify=launch")


@case
def middle_explicit(test):
    middle(test, "explicit", "at-graph-launch=3,graph-launches=2,verify=launch")


@case
def two_windows(test):
    recorded(test, *EAGER, spec="at-launch=3,launches=4,count=2,verify=window")
    require([w["launches"] for w in windows(test)] == [4, 4], f"{windows(test)}")
    for number in ("1", "2"):
        require(exact(test, "--window", number).launches == 4, number)


@case
def graph_launches(test):
    recorded(test, "forms", "explicit", "device", spec="at-graph-launch=2,graph-launches=3,verify=launch")
    require(exact(test, "--verify", "launch").launches == 3 * LAUNCHES_PER_STEP, "three graph launches")


@case
def from_a_kernel(test):
    recorded(test, *EAGER, spec="at-kernel=twice,launches=5,verify=launch")
    require(exact(test, "--verify", "launch").launches == 5, "5 launches")


@case
def without_digests(test):
    """verify=none: everything runs, and nobody can tell whether it is right."""
    recorded(test, *EAGER, spec="at-launch=1,verify=none")
    report = replay.replayed(test, capture_of(test), "--verify", "none")
    replay.require_totals(report, unverified=report.launches)


@case
def byte_budget(test):
    """A window that may store no more ends, and says so; the program's result is what it was."""
    recorded(test, *EAGER, spec="at-launch=1,bytes=40K,verify=launch")
    (window,) = windows(test)
    require(window["end_reason"] == "bytes", f"{window}")
    require("12" in one_process(test)["deviations"], "no deviation says that the window was cut")
    if window["launches"]:
        exact(test)


@case
def killed_inside(test):
    """SIGKILL within a window: the capture reads back, the tool says that the window never ended."""
    command = [str(test.program("endless")), "0", "return"]
    env = test.shim_env("record", capture_of(test), FIBSHIM_WINDOW="at-launch=100,verify=window")
    process = subprocess.Popen(command, env=env, cwd=test.path("cwd"), text=True, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    time.sleep(2.5)
    process.send_signal(signal.SIGKILL)
    _, err = process.communicate(timeout=30)
    require("fibshim" not in err, err)
    log = one_process(test, launches=True)
    require(log["status"] in ("Unclosed", "Truncated") and log["partial"], f"{log['status']}: {log['message']}")
    require(len(log["launches"]) > 100, f"{len(log['launches'])} launches")
    (window,) = windows(test)
    require(not window["ended"] and window["launches"] > 0, f"{window}")
    result, report = replay.run(test, capture_of(test), "--verify", "none")
    require(report is not None or result.err, "neither a report nor a reason")
    require("please report" not in result.err and result.returncode >= 0, result.err)


@case
def two_processes(test):
    """Each process of a capture has its own windows."""
    for _ in range(2):
        replay.record(test, [test.program("forms"), "eager", "device"])
    names = sorted(p.name for p in capture_of(test).iterdir() if p.name not in ("images", "pages"))
    require(len(names) == 2, f"{names}")
    for name in names:
        replay.require_totals(replay.replayed(test, capture_of(test), "--verify", "launch", "--process", name))


# ---- timeline -----------------------------------------------------------------------------------

@case
def timeline(test):
    """The bubble report of a window whose kernels all take 5 microseconds."""
    recorded(test, *EAGER, spec="at-launch=1,verify=window")
    result = test.tool("timeline", capture_of(test))
    measured = result.returncode == 0 and "from events" in result.out
    require(measured or (result.returncode == 2 and "no GPU times" in result.err), f"{result.returncode}: {result.err}")
    result, report = replay.run(test, capture_of(test))
    require(report is not None, result.err)
    for launch in report.document["launches"]:
        launch["gpu_ns"] = 5000
    timed = test.dir / "timed.json"
    timed.write_text(json.dumps(report.document))
    result = test.tool("timeline", "--json", "--replay", timed, "--gaps", "2", capture_of(test))
    require(result.returncode == 0, result.err)
    found = json.loads(result.out)
    require(found["kernels"] == report.launches and found["kernel_ns"] == 5000 * report.launches, f"{found}")
    require(found["busy_ns"] + found["gap_ns"] == found["span_ns"] <= found["window_ns"], f"{found}")
    require(len(found["longest_gaps"]) == 2 and found["speedup_bound"] >= 1, f"{found}")
    require(found["steps"]["count"] == 6 and found["steps"]["launches"] == LAUNCHES_PER_STEP, f"{found['steps']}")
    text = test.tool("timeline", "--replay", timed, "--step", "twice", capture_of(test))
    require(text.returncode == 0 and "5 steps" in text.out, f"{text.out}{text.err}")
    other = test.tool("timeline", "--replay", timed, "--window", "2", capture_of(test))
    require(other.returncode == 2, f"{other.returncode}: {other.err}")


# ---- addresses ----------------------------------------------------------------------------------

def device_address(test):
    regions = [r for r in dumped(test, "region") if r["kind"] == "device"]
    require(regions, "no region of device memory in the log")
    address = regions[0]["address"]
    return address if isinstance(address, str) else hex(address)


@case
def address_taken(test):
    """In every layout of the process: refused, and the address is named."""
    recorded(test, *EAGER)
    address = device_address(test)
    refused(test, "address", FIBSIM_TAKEN=address)


@case
def address_taken_once(test):
    """The replay starts again in another layout, where the address is free."""
    recorded(test, *EAGER, spec=PART)
    once = test.dir / "taken"
    exact(test, FIBSIM_TAKEN=device_address(test), FIBSIM_TAKEN_ONCE=once)
    require(once.exists(), "no process found the address taken")


@case
def twenty_fresh_processes(test):
    recorded(test, "forms", "captured", "mapped", spec="at-graph-launch=1,graph-launches=5")
    for _ in range(20):
        exact(test)


# ---- refusals -----------------------------------------------------------------------------------

@case
def other_gpu(test):
    recorded(test, *EAGER, spec=PART)
    other = {"FIBSIM_DEVICE_NAME": "another simulated GPU"}
    refused(test, "another simulated GPU", "--force", **other)
    exact(test, "--force", **other)


@case
def other_driver(test):
    recorded(test, *EAGER, spec=PART)
    other = {"FIBSIM_FAULTS": "version=13020"}
    refused(test, "driver", "--force", **other)
    exact(test, "--force", **other)


@case
def missing_image(test):
    recorded(test, *EAGER)
    for image in (capture_of(test) / "images").iterdir():
        image.unlink()
    refused(test, "image")


@case
def missing_pages(test):
    recorded(test, *EAGER)
    for pages in (capture_of(test) / "pages").iterdir():
        pages.unlink()
    refused(test, "page")


@case
def newer_format(test):
    recorded(test, *EAGER)
    edit(test, "version", 99)
    refused(test, "version 99", code=3)


@case
def not_enough_memory(test):
    recorded(test, *EAGER)
    refused(test, "free", FIBSIM_MEMORY_MB=1)


@case
def no_window(test):
    result = test.run([test.program(EAGER[0]), *EAGER[1:]], test.shim_env("record", capture_of(test)))
    require_clean(result)
    refused(test, "window")


@case
def no_such_window(test):
    recorded(test, *EAGER)
    refused(test, "window", options=("--window", "7"))


# ---- kernels that wait --------------------------------------------------------------------------

@case
def hanging_kernel(test):
    """A kernel that waits for the host, which a replay has not: it is ended, and the launch is named."""
    recorded(test, "waiting_kernels", "host", spec="at-launch=1,verify=window")
    begun = time.monotonic()
    result, report = replay.run(test, capture_of(test), "--timeout", "3")
    require(time.monotonic() - begun < 60, "the watchdog took long")
    require(result.returncode != 0, f"{report}")
    said = result.err + result.out
    require("wait_for_flag" in said and "launch" in said, f"the launch is not named:\n{said[-2000:]}")


@case
def host_fed_while_verifying(test):
    """With digests after every launch, such a kernel must not hang the program."""
    recorded(test, "waiting_kernels", "host", spec="at-launch=1,verify=launch")


@case
def pair(test):
    """Two kernels that wait for each other run together."""
    recorded(test, "waiting_kernels", "pair", spec="at-launch=1,launches=8,verify=window")
    exact(test)


@case
def pair_while_verifying(test):
    recorded(test, "waiting_kernels", "pair", spec="at-launch=1,verify=launch")


if __name__ == "__main__":
    main()
