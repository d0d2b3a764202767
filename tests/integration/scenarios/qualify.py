# SPDX-License-Identifier: Apache-2.0
"""fib qualify: all candidates at once; those that break the program are found and demoted."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from decoder_registry import registry_with
from registry_maker import KERNELS, Registry
from scenario import case, main, require


def qualify(test, registry, *options, code, command=None, name="qualify"):
    """`fib qualify` of the decoder: (what it found, its result)."""
    command = command or [test.program("decoder"), "12"]
    found = test.dir / f"{name}.json"
    env = test.env(FIB_CACHE_PATH=registry.cache)
    if test.sanitizer_runtime:
        env["ASAN_OPTIONS"] += ":verify_asan_link_order=0"
    words = [test.fib, "qualify", "--registry", registry.root, "--json", found, *options, "--", *command]
    result = test.run(words, env)
    require(result.returncode == code, f"exit code {result.returncode}, not {code}\n{result.out}{result.err}")
    return json.loads(found.read_text()) if found.exists() else {}, result


def demoted_of(found):
    return sorted(entry["solution"] for entry in found["demoted"])


def written(registry):
    return json.loads((registry.root / "bindings/policies.json").read_text()).get("demoted", {})


@case
def all_good(test):
    registry = registry_with(test, "norm_fast", "project_good", "swiglu_good")
    found, result = qualify(test, registry, code=0)
    require(found["as_is"] and found["kept"] == found["deployed"] == 3, f"{found}")
    require("as-is   yes" in result.out and "kept    3 of 3" in result.out, result.out)
    require(len(found["runs"]) == 3 and not written(registry), f"{found}")


@case
def one_liar(test):
    """It is demoted with the reason, and deploying again works as it is."""
    registry = registry_with(test, "norm_wrong", "project_good", "swiglu_good")
    found, result = qualify(test, registry, code=1)
    require(not found["as_is"] and found["kept"] == 2, f"{found}")
    require(demoted_of(found) == ["norm_wrong"], f"{found}")
    entry = written(registry)["norm_wrong"]
    require("words differ" in entry["reason"] and "decoder" in entry["command"] and entry["date"], f"{entry}")
    require(found["runs"][-1]["good"] or any(run.get("good") for run in found["runs"]), f"{found['runs']}")
    again, _ = qualify(test, registry, code=0, name="again")
    require(again["as_is"] and again["kept_solutions"] == ["project_good", "swiglu_good"], f"{again}")


@case
def several_liars(test):
    registry = registry_with(test, "norm_wrong", "project_wrong", "swiglu_good")
    found, _ = qualify(test, registry, code=1)
    require(demoted_of(found) == ["norm_wrong", "project_wrong"], f"{found}")
    require(found["kept_solutions"] == ["swiglu_good"], f"{found}")


@case
def only_together(test):
    """Each of the two works alone: one of them stays."""
    registry = registry_with(test, "norm_marks", "project_marked", "swiglu_good")
    found, result = qualify(test, registry, code=1)
    (entry,) = found["demoted"]
    pair = {entry["solution"], *entry["together_with"]}
    require(pair == {"norm_marks", "project_marked"}, f"{found}")
    require(found["kept"] == 2 and "only together with" in result.out, f"{found}\n{result.out}")
    require(written(registry)[entry["solution"]]["together_with"], f"{written(registry)}")


@case
def crash(test):
    """A process that dies leaves no counters: all Solutions are suspects."""
    registry = registry_with(test, "norm_crash", "project_good", "swiglu_good")
    found, _ = qualify(test, registry, code=1)
    require(demoted_of(found) == ["norm_crash"] and "signal 6" in found["demoted"][0]["reason"], f"{found}")
    require(found["kept_solutions"] == ["project_good", "swiglu_good"], f"{found}")


@case
def hang(test):
    registry = registry_with(test, "norm_hang", "swiglu_good")
    found, _ = qualify(test, registry, "--timeout", "6", code=1)
    require(demoted_of(found) == ["norm_hang"] and "no end within" in found["demoted"][0]["reason"], f"{found}")


@case
def numbers_in_a_file(test):
    """The liar changes logits; a tolerance as large as that lets it pass."""
    registry = registry_with(test, "norm_wrong", "project_good")
    command = [test.program("decoder"), "12", "{out}/logits.npy"]
    found, _ = qualify(test, registry, "--file", "logits.npy", "--dry-run", code=1, command=command)
    require(demoted_of(found) == ["norm_wrong"], f"{found}")
    require("relative difference" in found["demoted"][0]["reason"], f"{found}")
    require(found["noise"] == {"logits.npy": {"distance": 0.0, "text": "equal bit for bit"}}, f"{found['noise']}")
    require(not written(registry), "--dry-run wrote something")
    qualify(test, registry, "--file", "logits.npy", "--tolerance", "100", code=0, command=command)


@case
def files_where_the_command_wants_them(test):
    """Without {out} they are moved away after each run; an old one is refused."""
    registry = registry_with(test, "norm_wrong", "swiglu_good")
    command = [test.program("decoder"), "12", "logits.npy"]
    place = test.path("cwd")
    found, _ = qualify(test, registry, "--file", "logits.npy", code=1, command=command)
    require(demoted_of(found) == ["norm_wrong"] and not (place / "logits.npy").exists(), f"{found}")
    (place / "logits.npy").write_text("old")
    _, result = qualify(test, registry, "--file", "logits.npy", code=2, command=command, name="old")
    require("is there already" in result.err and (place / "logits.npy").read_text() == "old", result.err)
    (place / "logits.npy").unlink()


@case
def comparison_command(test):
    registry = registry_with(test, "project_wrong", "swiglu_good")
    same = 'sh -c \'cmp -s "$1/stdout" "$2/stdout"\' compare'
    found, _ = qualify(test, registry, "--compare", same, code=1)
    require(demoted_of(found) == ["project_wrong"], f"{found}")
    _, result = qualify(test, registry, "--compare", "false", code=2, name="never")
    require("tells two runs without the shim apart" in result.err, result.err)


@case
def noisy_command(test):
    """What differs between two bare runs may differ as much with the candidates."""
    registry = registry_with(test, "norm_wrong", "swiglu_good")
    program = f"{test.program('decoder')} 12; echo at $$"
    found, _ = qualify(test, registry, code=1, command=["sh", "-c", program])
    require(0 < found["noise"]["stdout"]["distance"] < 0.1, f"{found['noise']}")
    require(demoted_of(found) == ["norm_wrong"] and found["kept_solutions"] == ["swiglu_good"], f"{found}")


@case
def out_of_runs(test):
    """Only what is known to work stays."""
    registry = registry_with(test, "norm_wrong", "project_wrong", "swiglu_good")
    found, result = qualify(test, registry, "--max-runs", "1", code=1)
    require(found["exhausted"] and "--max-runs" in result.out, f"{found}\n{result.out}")
    require({"norm_wrong", "project_wrong"} <= set(demoted_of(found)), f"{found}")


@case
def nothing_redirected(test):
    registry = Registry(test).add(KERNELS["axpy"])
    registry.build()
    found, result = qualify(test, registry, code=5)
    require(found["deployed"] == 0 and "nothing was redirected" in result.out, result.out)


@case
def fails_by_itself(test):
    registry = registry_with(test, "norm_fast")
    _, result = qualify(test, registry, code=2, command=["sh", "-c", "exit 3"])
    require("fails by itself (exit code 3)" in result.err, result.err)
    _, result = qualify(test, registry, code=127, command=["/no/such/program"])
    require("could not be started" in result.err, result.err)


if __name__ == "__main__":
    main()
