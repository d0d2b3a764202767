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


def look(test, expect_same=False):
    """Every verb that reads a capture copes with it. Returns fib info's exit code."""
    capture = test.dir / "capture"
    codes = []
    for verb in ("info", "dump"):
        begun = time.monotonic()
        result = test.tool(verb, capture, timeout=30)
        require(time.monotonic() - begun < 20, f"fib {verb} took long")
        require(result.returncode in ALLOWED, f"fib {verb}: exit code {result.returncode}\n{result.err}")
        require("please report" not in result.err and "terminate" not in result.err, result.err)
        codes.append(result.returncode)
    return codes


@case
def cut(test):
    log = small_capture(test)
    whole = log.read_bytes()
    require(look(test) == [0, 0], "the capture is not whole to begin with")
    choice = random.Random(1)
    places = sorted({0, 1, 31, 32, 33, len(whole) - 1, *choice.sample(range(len(whole)), POSITIONS)})
    for size in places:
        log.write_bytes(whole[:size])
        codes = look(test)
        require(size >= 32 or 3 in codes or 1 in codes, f"{size} bytes pass for a log")
    log.write_bytes(whole)
    require(look(test) == [0, 0], "after restoring")


@case
def flipped(test):
    log = small_capture(test)
    whole = log.read_bytes()
    choice = random.Random(2)
    unnoticed = 0
    for place in [*range(0, 64), *choice.sample(range(64, len(whole)), POSITIONS)]:
        altered = bytearray(whole)
        altered[place] ^= 1 << choice.randrange(8)
        log.write_bytes(altered)
        codes = look(test)
        unnoticed += codes == [0, 0]
    # The header holds a time and a reserved word, which any value fits; all else is under a checksum.
    require(unnoticed <= 20, f"{unnoticed} flipped bits went unnoticed")


@case
def garbage(test):
    log = small_capture(test)
    choice = random.Random(3)
    for size in (1, 100, 5000, 1 << 20):
        log.write_bytes(choice.randbytes(size))
        require(look(test)[0] != 0, f"{size} random bytes pass for a log")
    log.unlink()
    require(look(test)[0] != 0, "a process without a log")
    shutil.rmtree(test.dir / "capture")
    require(look(test)[0] != 0, "no capture at all")


@case
def altered_image(test):
    """An image in the store that is not what its name says."""
    small_capture(test)
    image = next((test.dir / "capture" / "images").iterdir())
    image.write_bytes(image.read_bytes()[:-1] + b"?")
    look(test)


if __name__ == "__main__":
    main()
