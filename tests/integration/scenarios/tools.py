# SPDX-License-Identifier: Apache-2.0
"""The fib tool on captures that the shim made: every verb works, and they agree with each other."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from scenario import case, main, one_process, recorded, require, require_clean


def verb(test, *arguments, code=0):
    result = test.tool(*arguments)
    require(result.returncode == code, f"fib {arguments[0]}: {result.returncode}\n{result.err}")
    require(not result.err, result.err)
    return result.out


@case
def verbs(test):
    require_clean(recorded(test, [test.program("graph_nodes.plt")]))
    capture = test.dir / "capture"
    verb(test, "info", capture)
    verb(test, "ls", capture)
    info = json.loads(verb(test, "info", "--json", capture))
    require(isinstance(info, dict), "fib info --json")
    lines = [json.loads(line) for line in verb(test, "dump", capture).splitlines()]
    require(len(lines) > 50, f"fib dump: {len(lines)} lines")
    trace = test.dir / "trace.json"
    verb(test, "export", "--perfetto", trace, capture)
    events = json.loads(trace.read_text())
    require(len(events["traceEvents"] if isinstance(events, dict) else events) > 6, "fib export")


@case
def dump_matches(test):
    """fib dump and our own reader see the same launches."""
    require_clean(recorded(test, [test.program("eager.plt")]))
    launches = one_process(test, launches=True)["launches"]
    dumped = [json.loads(line) for line in verb(test, "dump", test.dir / "capture").splitlines()]
    names = [line["kernel"]["name"] if isinstance(line.get("kernel"), dict) else line.get("kernel")
             for line in dumped if line.get("type", line.get("record")) == "launch"]
    require(len(names) == len(launches), f"{len(names)} launches dumped of {len(launches)}:\n{dumped[:3]}")


@case
def doctor(test):
    """fib doctor -- CMD: does the shim reach the command's processes?"""
    env = test.env()
    if test.sanitizer_runtime:
        env["ASAN_OPTIONS"] += ":verify_asan_link_order=0"
    result = test.run([test.fib, "doctor", "--", test.program("eager.plt")], env)
    require(result.returncode in (0, 1), f"{result.returncode}\n{result.out}{result.err}")
    require("shim" in result.out, result.out)


@case
def audit_command(test):
    """fib audit --against FILE -- CMD, from one command line."""
    env = test.env()
    if test.sanitizer_runtime:
        env["ASAN_OPTIONS"] += ":verify_asan_link_order=0"
    command = [test.fib, "audit", "--against", test.dir / "count", "--", test.program("graph_update.plt")]
    result = test.run(command, env)
    require(result.returncode == 0, f"{result.returncode}\n{result.out}{result.err}")


if __name__ == "__main__":
    main()
