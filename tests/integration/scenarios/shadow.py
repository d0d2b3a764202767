# SPDX-License-Identifier: Apache-2.0
"""Shadow verification: equal candidates pass, wrong ones are caught, demoted, and leave a record."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from applied import Run
from redirects import STEPS, blend, redirect, says
from registry_maker import BLEND
from scenario import case, main, require, require_clean


def named(test):
    return blend(test, BLEND.launch(arguments=BLEND.named()))


def wrong(test, entry, mode, form="eager", every=1):
    registry = blend(test, BLEND.launch(entry, arguments=BLEND.named()))
    mismatches = test.path("mismatches")
    run = redirect(test, registry, form=form, mode=mode, words=[form, "plain", 200], lines=1,
                   extra={"FIBSHIM_SHADOW": every, "FIBSHIM_MISMATCH_DIR": mismatches})
    says(run, "blend_candidate", "differ from the original's")
    says(run, str(mismatches))
    return run, mismatches


@case
def shadow_equal(test):
    """Every launch is compared, nothing is replaced, nothing differs."""
    run = redirect(test, named(test), mode="shadow")
    require(run.executed == {"blend": STEPS, "blend_candidate": STEPS}, f"{run.executed}")
    require(run.report.of_candidate("shadowed") == STEPS, f"{run.report}")
    require(run.report.of_candidate("mismatched") == 0, f"{run.report}")


@case
def shadow_in_place(test):
    run = redirect(test, named(test), mode="shadow", way="in_place")
    require(run.report.of_candidate("shadowed") == STEPS, f"{run.report}")


@case
def wrong_candidate(test):
    """FIBSHIM_MODE=shadow: the first comparison tells, the candidate is demoted, a record is left."""
    run, mismatches = wrong(test, "blend_wrong", "shadow")
    require(run.executed["blend"] == 200 and run.executed["blend_wrong"] <= 8, f"{run.executed}")
    require(run.report.of_candidate("mismatched") >= 1, f"{run.report}")
    require(run.report.reason("Demoted", "blend") >= 190, f"{run.report}")
    require(list(mismatches.iterdir()), "no record of the mismatch")


@case
def late_candidate(test):
    """A candidate that is right 50 times."""
    run, mismatches = wrong(test, "blend_late", "shadow")
    require(run.executed["blend"] == 200 and 51 <= run.executed["blend_late"] <= 70, f"{run.executed}")
    require(list(mismatches.iterdir()), "no record of the mismatch")


@case
def wrong_candidate_applied(test):
    """FIBSHIM_MODE=apply with one launch in N verified: the candidate is caught within N launches and those
    that were on their way. Until then its results were used, so the output is another one."""
    registry = blend(test, BLEND.launch("blend_wrong", arguments=BLEND.named()))
    mismatches = test.path("mismatches")
    env = {**registry.env(), "FIBSHIM_SHADOW": 4, "FIBSHIM_MISMATCH_DIR": mismatches}
    run = Run(test, [test.program("redirect"), "eager", "plain", "200"], env, "shim", "apply")
    require_clean(run.result, shim_lines=1)
    require(run.executed["blend"] >= 180 and run.executed["blend_wrong"] <= 20, f"{run.executed}")
    require(run.report.of_candidate("mismatched") >= 1, f"{run.report}")
    require(list(mismatches.iterdir()), "no record of the mismatch")


if __name__ == "__main__":
    main()
