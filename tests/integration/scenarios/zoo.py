# SPDX-License-Identifier: Apache-2.0
"""The zoo on the simulated driver: `fib bench` on recorded launches catches every cheat, with its reason."""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "harness"), str(HERE.parents[1] / "gpu" / "zoo")]
import replay
import zoo
from registry_maker import Registry
from scenario import Failure, case, main, require, require_clean

# Of measuring, in seconds: times of the simulated driver mean nothing, but cheats look at them.
QUICK = ["--max-seconds", "0.2"]


def recorded(test):
    """A capture of the program with all its launches."""
    require_clean(replay.record(test, [test.program("judged")], "at-launch=1"))
    return test.dir / "capture"


def judged(test, cheats, *options):
    """Judges candidates; {name: its Traces}."""
    capture, registry = recorded(test), Registry(test)
    zoo.write_simulated(registry.root, cheats, (test.build / "sim" / zoo.SIMULATED).read_bytes())
    registry.build()
    command = [test.fib, "bench", capture, "--registry", registry.root, *QUICK, *map(str, options)]
    result = test.run(command, test.env(**registry.env()), timeout=200, cwd=test.dir)
    require("Sanitizer" not in result.err, result.err)
    found = {cheat.name: [] for cheat in cheats}
    for family in zoo.FAMILIES:
        for trace in zoo.traces(registry.root, family):
            found[trace["solution"]].append(trace)
    require(any(found.values()), f"fib bench: {result.returncode}, no results\n{result.out}\n{result.err}")
    return found


def caught(test, *names, options=()):
    """Each of these candidates is judged as it must be; times of the simulated driver say nothing."""
    cheats = [zoo.BY_NAME[name] for name in names]
    found = judged(test, cheats, *options)
    complaints = [f"{cheat.name}: {complaint}" for cheat in cheats
                  if (complaint := zoo.complaint(cheat, found[cheat.name], timed=False))]
    require(not complaints, "\n".join(complaints))


@case
def honest(test):
    """Nobody is accused."""
    caught(test, "stir_copy", "stir_good", "add_good", "sums_split", "norm_good")


@case
def writes(test):
    """Writes that the incumbent does not make, or does not leave out."""
    caught(test, "trusts_stale_output", "writes_before", "writes_behind", "writes_other_tensor",
           "writes_other_allocation", "modifies_input")


@case
def answers(test):
    """Answers that were not computed."""
    caught(test, "reads_answer", "first_answer", "cached_by_address", "cached_by_fingerprint")


@case
def work(test):
    """Work that is done for the checks only."""
    caught(test, "every_other", "first_launches", "idle_in_a_hurry", "late")


@case
def wrong(test):
    caught(test, "wrong_in_one", "crashes")


@case
def hang(test):
    caught(test, "hangs", options=("--timeout", 5))


@case
def in_place(test):
    caught(test, "adds_to_both", "adds_nothing", "adds_once")


@case
def sums(test):
    caught(test, "first_sums", "cached_sums", "trusts_workspace", "overflows_workspace")


@case
def rows(test):
    caught(test, "writes_nothing", "writes_some_rows", "makes_nan", "ignores_weight", "fixed_rows")


@case
def all_are_here(test):
    """Every candidate for the simulated driver is in one of these cases."""
    text = pathlib.Path(__file__).read_text(encoding="utf-8")
    missing = [cheat.name for cheat in zoo.of(zoo.SIM) if f'"{cheat.name}"' not in text]
    require(not missing, f"not judged: {missing}")


@case
def zoo_can_fail(test):
    """An honest candidate that is expected to be caught is a failure, and so is a cheat that should pass."""
    import dataclasses

    found = judged(test, [zoo.BY_NAME["norm_good"], zoo.BY_NAME["writes_nothing"]])
    accused = dataclasses.replace(zoo.BY_NAME["norm_good"], status=zoo.WRONG, reasons=zoo.LITTLE)
    trusted = dataclasses.replace(zoo.BY_NAME["writes_nothing"], status=zoo.PASSED, reasons=())
    for cheat in (accused, trusted):
        if not zoo.complaint(cheat, found[cheat.name], timed=False):
            raise Failure(f"{cheat.name}: judged as it must not be, and nobody complains")


if __name__ == "__main__":
    main()
