# SPDX-License-Identifier: Apache-2.0
"""Compares what programs noted about themselves (support/notes.h) with what the capture holds."""

import collections
import pathlib
import re

from fibtest import Failure, require

DRIVER_LIST = pathlib.Path(__file__).resolve().parents[3] / "driver" / "driver_api.def"


def recorded_calls():
    """Entry points that leave one Call record each."""
    return set(re.findall(r"^FIB_CALL\((\w+),", DRIVER_LIST.read_text(), re.M))


def read_notes(directory):
    """{pid: (Counter of calls, {tid: [launch words]})}"""
    notes = {}
    for path in pathlib.Path(directory).iterdir():
        calls, launches = collections.Counter(), collections.defaultdict(list)
        for line in path.read_text().splitlines():
            kind, *words = line.split(" ")
            if kind == "call":
                calls[words[0]] += 1
            elif kind == "launch":
                launches[int(words[0])].append(words[1:])
        notes[int(path.name)] = (calls, launches)
    return notes


def compare(notes_dir, processes, params=True):
    """Every call and launch that a program noted stands in its capture, in the thread's order; without
    `params`, the parameter bytes are not looked at."""
    by_pid = {process["pid"]: process for process in processes}
    listed = recorded_calls()
    for pid, (calls, launches) in read_notes(notes_dir).items():
        if pid not in by_pid:
            require(not launches, f"process {pid} launched kernels and has no capture")
            continue
        compare_calls(calls, by_pid[pid]["calls"], listed)
        compare_launches(launches, by_pid[pid]["launches"], params)


def compare_calls(noted, captured, listed):
    for name in sorted(set(noted) & listed):
        require(captured.get(name, 0) >= noted[name],
                f"{name}: called {noted[name]} times, {captured.get(name, 0)} in the capture")


def compare_launches(noted, captured, params):
    by_thread = collections.defaultdict(list)
    for launch in captured:
        if launch["result"] == 0:
            by_thread[launch["tid"]].append(launch)
    for tid, expected in noted.items():
        found = iter(by_thread.get(tid, []))
        for number, words in enumerate(expected):
            # Launches that the program made past the helper are not noted and may stand in between.
            match = next((l for l in found if same_launch(words, l, params)), None)
            if match is None:
                raise Failure(f"thread {tid}: launch {number} is not in the capture: {' '.join(words)}\n"
                              f"captured: {by_thread.get(tid, [])[:20]}")


def same_launch(words, launch, compare_params):
    kernel, grid, block, shared, params = words
    if not compare_params:
        params = "-"
    return (launch["kernel"] == kernel and launch["grid"] == grid and launch["block"] == block
            and launch["shared"] == int(shared) and same_bytes(params, launch["params"]))


def same_bytes(noted, captured):
    """`noted` holds `..` for padding, whose contents nobody defines; trailing padding may be there or not."""
    noted = "" if noted == "-" else noted
    if len(captured) < len(noted):
        return False
    return all(noted[i:i + 2] in ("..", captured[i:i + 2]) for i in range(0, len(noted), 2))
