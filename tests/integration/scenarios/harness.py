# SPDX-License-Identifier: Apache-2.0
"""The harness can fail: a recorded run is compared with notes and counts that are wrong in one place."""

import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
import expectations
from scenario import Failure, case, main, recorded, require, require_clean


def run(test):
    """A recorded run with notes and a count; the (only) file of each."""
    notes, count = test.path("notes"), test.dir / "count"
    require_clean(recorded(test, [test.program("eager.plt")], FIBTEST_NOTES=notes, FIBSIM_COUNT_FILE=count))
    shutil.rmtree(test.path("cwd"))
    shimmed = {int(p["pid"]) for p in test.captures(test.dir / "capture")}
    for path in [*notes.iterdir(), *test.dir.glob("count.*")]:
        if int(path.name.split(".")[-1]) not in shimmed:  # of the run without the shim
            path.unlink()
    return next(notes.iterdir()), next(test.dir.glob("count.*"))


def agree(test):
    try:
        expectations.compare(test.path("notes"), test.captures(test.dir / "capture", launches=True))
        return True
    except Failure:
        return False


def noticed(test, change):
    notes, _ = run(test)
    require(agree(test), "the notes disagree to begin with")
    lines = notes.read_text().splitlines()
    places = [i for i, line in enumerate(lines) if line.startswith("launch ")]
    change(lines, places)
    notes.write_text("\n".join(lines) + "\n")
    require(not agree(test), "the change was not noticed")


@case
def missing_launch(test):
    noticed(test, lambda lines, places: lines.insert(places[50], lines[places[50]]))


@case
def other_parameter(test):
    def change(lines, places):
        line = lines[places[7]]
        lines[places[7]] = line[:-1] + ("0" if line[-1] != "0" else "1")
    noticed(test, change)


@case
def other_order(test):
    def change(lines, places):
        first, second = places[0], places[2]
        lines[first], lines[second] = lines[second], lines[first]
    noticed(test, change)


@case
def other_geometry(test):
    def change(lines, places):
        lines[places[3]] = lines[places[3]].replace(" 8,1,1 ", " 9,1,1 ")
    noticed(test, change)


@case
def missing_call(test):
    noticed(test, lambda lines, _: lines.append("call cuStreamCreate"))


@case
def other_count(test):
    _, count = run(test)
    arguments = ["audit", "--against", test.dir / "count", test.dir / "capture"]
    require(test.tool(*arguments).returncode == 0, "the counts disagree to begin with")
    text = count.read_bytes()
    require(b" 101 " in text, f"{text[:100]}")
    count.write_bytes(text.replace(b" 101 ", b" 102 "))
    require(test.tool(*arguments).returncode == 1, "the change was not noticed")


if __name__ == "__main__":
    main()
