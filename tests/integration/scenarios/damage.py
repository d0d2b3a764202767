# SPDX-License-Identifier: Apache-2.0
"""Captures that were cut or altered: the tool says so, never crashes, never runs for long."""

import pathlib
import random
import shutil
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from scenario import case, main, processes_in, recorded, require, require_clean

POSITIONS = 150
ALLOWED = {0, 1, 3}  # read, read with findings, cannot be read


def small_capture(test):
    require_clean(recorded(test, [test.program("reload.plt")]))
    (process,) = processes_in(test.dir / "capture")
    return process / "log.fib"


def look(test):
    """Every verb that reads a capture copes with it. Whether one of them said that something is wrong."""
    said = []
    for verb in ("info", "dump"):
        begun = time.monotonic()
        result = test.tool(verb, test.dir / "capture", timeout=30)
        require(time.monotonic() - begun < 20, f"fib {verb} took long")
        require(result.returncode in ALLOWED, f"fib {verb}: exit code {result.returncode}\n{result.err}")
        require("please report" not in result.err and "terminate" not in result.err, result.err)
        require(len(result.err.splitlines()) <= 3, f"more than a few lines of messages:\n{result.err}")
        said.append(result.err != "")
    require(said[0] == said[1], "fib info and fib dump do not agree")
    return said[0]


@case
def cut(test):
    log = small_capture(test)
    whole = log.read_bytes()
    require(not look(test), "the capture is not whole to begin with")
    choice = random.Random(1)
    for size in sorted({0, 1, 31, 32, 33, len(whole) - 1, *choice.sample(range(len(whole)), POSITIONS)}):
        log.write_bytes(whole[:size])
        require(look(test), f"{size} of {len(whole)} bytes pass for a whole log")
    log.write_bytes(whole)
    require(not look(test), "after restoring")


@case
def flipped(test):
    log = small_capture(test)
    whole = log.read_bytes()
    choice = random.Random(2)
    unnoticed = []
    for place in [*range(0, 64), *choice.sample(range(64, len(whole)), POSITIONS)]:
        altered = bytearray(whole)
        altered[place] ^= 1 << choice.randrange(8)
        log.write_bytes(altered)
        if not look(test):
            unnoticed.append(place)
    # The file header's time and reserved word take any value; all else is under a checksum.
    require(set(unnoticed) <= set(range(16, 32)), f"flipped bits went unnoticed at {unnoticed}")


@case
def garbage(test):
    log = small_capture(test)
    choice = random.Random(3)
    for size in (1, 100, 5000, 1 << 20):
        log.write_bytes(choice.randbytes(size))
        require(look(test), f"{size} random bytes pass for a log")
    log.unlink()
    require(look(test), "a process without a log")
    shutil.rmtree(test.dir / "capture")
    require(look(test), "no capture at all")


@case
def altered_image(test):
    """An image in the store that is not what its name says."""
    small_capture(test)
    image = next((test.dir / "capture" / "images").iterdir())
    image.write_bytes(image.read_bytes()[:-1] + b"?")
    look(test)


if __name__ == "__main__":
    main()
