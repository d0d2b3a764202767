# SPDX-License-Identifier: Apache-2.0
"""The JSON file in FIBSHIM_CONFIG: what it sets, and mistakes in it, which are said once each."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from scenario import case, main, one_process, processes_in, recorded, require, require_clean


def configured(test, content, shim_lines=0, mode=None, program="eager.plt", arguments=(), **env):
    path = test.dir / "config.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    result = recorded(test, [test.program(program), *arguments], mode=mode, FIBSHIM_CONFIG=path, **env)
    require_clean(result, shim_lines=shim_lines)
    return result


@case
def from_file(test):
    configured(test, {"mode": "record", "kernel_filter": "twice"})
    require(one_process(test)["executed"] == {"_Z5twicePii": 1}, "filter from the file")


@case
def environment_wins(test):
    configured(test, {"mode": "record"}, mode="off")
    require(not processes_in(test.dir / "capture"), "FIBSHIM_MODE=off was overruled by the file")


@case
def no_json(test):
    configured(test, "{ nonsense", shim_lines=1, mode="record")
    one_process(test)


@case
def wrong_type(test):
    result = configured(test, {"ring_bytes": "large"}, shim_lines=1, mode="record")
    require("ring_bytes" in result.err, result.err)
    one_process(test)


@case
def unknown_key(test):
    result = configured(test, {"capture_directory": "x"}, shim_lines=1, mode="record")
    require("capture_directory" in result.err, result.err)
    one_process(test)


@case
def missing_file(test):
    result = recorded(test, [test.program("eager.plt")], FIBSHIM_CONFIG="/nonexistent.json")
    require_clean(result, shim_lines=1)
    one_process(test)


@case
def bad_filter(test):
    """A filter that is no regular expression is said, and does not drop everything in silence."""
    result = recorded(test, [test.program("eager.plt")], FIBSHIM_FILTER="(")
    require_clean(result, shim_lines=1)
    require(sum(one_process(test)["executed"].values()) == 102, "launches")


@case
def small_ring(test):
    """What does not fit is dropped and counted; the program does not wait, and nothing else is lost."""
    configured(test, {"ring_bytes": 65536}, mode="record", program="noisy", arguments=["3000"])
    process = one_process(test)
    seen = sum(process["executed"].values())
    require(process["status"] == "Complete", process["status"])
    require(process["dropped_launches"] > 0, "nothing was dropped: the test proves nothing")
    require(seen + process["dropped_launches"] == 3000, f"{seen} + {process['dropped_launches']} dropped")
    info = test.tool("info", test.dir / "capture")
    require("dropped" in info.out, f"fib info does not say it:\n{info.out}")


if __name__ == "__main__":
    main()
