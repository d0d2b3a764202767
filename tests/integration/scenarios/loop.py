# SPDX-License-Identifier: Apache-2.0
"""The whole loop, as scripts/demo shows it: recorded, judged, deployed, and the output is the same."""

import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from decoder_registry import KERNELS, launch_of
from registry_maker import Registry
from replay import executed
from scenario import case, main, require, require_clean

STEPS = "6"


def fib(test, registry, *words, codes=(0,), count=None):
    env = test.env(FIB_CACHE_PATH=registry.cache, **({"FIBSIM_COUNT_FILE": count} if count else {}))
    if test.sanitizer_runtime:
        env["ASAN_OPTIONS"] += ":verify_asan_link_order=0"
    result = test.run([test.fib, *words], env, timeout=200)
    require(result.returncode in codes, f"fib {words[0]}: {result.returncode}\n{result.out}{result.err}")
    return result


@case
def deploys_what_the_judge_found(test):
    """Of a good, a slow and a wrong candidate only the good one is used, and nothing changes but who computes."""
    program, capture = [test.program("decoder"), STEPS], test.dir / "capture"
    direct = test.run(program, test.env())
    require_clean(direct)
    registry = Registry(test)
    for name in ("norm_fast", "norm_slow", "norm_wrong"):
        registry.add(KERNELS["norm"], name, launch_of(name), pin=False)
    registry.build()
    before = fib(test, registry, "run", "--registry", registry.root, "--require-hits", "--", *program, codes=(5,))
    require("NOTHING was redirected" in before.err and before.out == direct.out, before.err)
    fib(test, registry, "record", "-o", capture, "--window", "at-launch=1,launches=2000", "--", *program)
    fib(test, registry, "bench", capture, "--registry", registry.root, "--max-seconds", "1", codes=(1,))
    report = test.dir / "report.html"
    fib(test, registry, "report", capture, "--registry", registry.root, "-o", report)
    require("norm_wrong" in report.read_text(), "the report does not name the wrong candidate")
    after = fib(test, registry, "run", "--registry", registry.root, "--require-hits", "--", *program,
                count=test.dir / "count")
    require(after.out == direct.out, f"{after.out}\n--- direct\n{direct.out}")
    ran = executed(test.dir / "count")
    require("rms_norm" not in ran and ran["norm_fast"] > 0 and not {"norm_slow", "norm_wrong"} & set(ran), f"{ran}")
    found = test.dir / "qualify.json"
    fib(test, registry, "qualify", "--registry", registry.root, "--json", found, "--", *program)
    require(json.loads(found.read_text())["kept_solutions"] == ["norm_fast"], found.read_text())


@case
def replaces_only_the_code_that_was_judged(test):
    """With same_code a result holds for the kernel that it was measured against, and for no other of its name."""
    program, capture = [test.program("decoder"), STEPS], test.dir / "capture"
    registry = Registry(test).add(KERNELS["norm"], "norm_fast", launch_of("norm_fast"), pin=False)
    registry.policy(KERNELS["norm"].definition, same_code=True)
    registry.build()
    fib(test, registry, "record", "-o", capture, "--window", "at-launch=1,launches=200", "--", *program)
    fib(test, registry, "bench", capture, "--registry", registry.root, "--max-seconds", "0.3")
    run = ["run", "--registry", registry.root, "--require-hits", "--", *program]
    fib(test, registry, *run)
    (traces,) = (registry.root / "traces").rglob("*.jsonl")
    traces.write_text(re.sub(r'("code": ?)"[0-9a-f]{32}"', rf'\1"{"0" * 32}"', traces.read_text()))
    other = fib(test, registry, *run, codes=(5,))
    require("CodeNotJudged" in other.err, other.err)
    # What was judged can be judged again.
    again = fib(test, registry, "bench", capture, "--registry", registry.root, "--max-seconds", "0.3")
    require("1 passed" in again.out, again.out)
    fib(test, registry, *run)


if __name__ == "__main__":
    main()
