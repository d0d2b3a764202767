# SPDX-License-Identifier: Apache-2.0
"""Processes that end without warning: what they had done reads back."""

import pathlib
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from scenario import case, main, one_process, require


def start(test, *arguments):
    capture = test.dir / "capture"
    env = test.shim_env("record", capture)
    command = [str(test.program("endless")), *arguments]
    test.last_command = test.describe(command, env, test.path("cwd"))
    return subprocess.Popen(command, env=env, cwd=test.path("cwd"), text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def said(out):
    numbers = re.findall(r"^\d+$", out, re.M)
    return int(numbers[-1]) if numbers else 0


def killed(test, number):
    process = start(test, "0", "return")
    time.sleep(2.5)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    require(process.returncode == -number, f"exit code {process.returncode}\n{err}")
    require("fibshim" not in err, err)
    done_before = said(out)
    require(done_before >= 1000, f"only {done_before} launches in 2.5 s")
    check(test, done_before, slack=0.5)


def check(test, launched, slack):
    """At most the last moments are missing; numbers are without a gap."""
    log = one_process(test, launches=True)
    require(log["status"] in ("Unclosed", "Truncated"), f"{log['status']}: {log['message']}")
    require(log["partial"], "the directory is not marked as partial")
    values = [int.from_bytes(bytes.fromhex(l["params"])[12:16], "little") for l in log["launches"]]
    require(values == list(range(1, len(values) + 1)), f"a gap in the launches: {values[:10]} ...")
    require(len(values) >= launched * (1 - slack), f"{len(values)} of {launched} launches read back")
    require(not log["missing_images"], f"{log['missing_images']}")
    info = test.tool("info", test.dir / "capture")
    require(info.returncode in (0, 1), f"fib info: {info.returncode}\n{info.err}")
    require(re.search("unclosed|not closed|truncated|killed|cut", info.out + info.err, re.I),
            f"fib info does not say it:\n{info.out}{info.err}")


@case
def sigkill(test):
    killed(test, signal.SIGKILL)


@case
def sigterm(test):
    killed(test, signal.SIGTERM)


@case
def sigint(test):
    killed(test, signal.SIGINT)


def own_doing(test, way, number):
    process = start(test, "20000", way)
    out, err = process.communicate(timeout=60)
    require(process.returncode == -number, f"exit code {process.returncode}\n{err}")
    check(test, 20000, slack=0.5)


@case
def abort(test):
    own_doing(test, "abort", signal.SIGABRT)


@case
def segv(test):
    own_doing(test, "segv", signal.SIGSEGV)


@case
def raised_sigterm(test):
    own_doing(test, "term", signal.SIGTERM)


if __name__ == "__main__":
    main()
