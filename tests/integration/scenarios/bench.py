# SPDX-License-Identifier: Apache-2.0
"""The judge from end to end: a program is recorded, candidates are judged on its launches, and redirecting takes
what the judge found right and faster, and nothing else."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from redirects import redirect
from registry_maker import AUTHOR, BLEND, OP_TYPE, Registry
from replay import WHOLE
from scenario import case, main, require, require_clean

WINDOW = {"eager": WHOLE, "explicit": "at-graph-launch=1,verify=launch"}
# Simulated kernels take what the CPU takes, so a verdict about time is not asked for here.
QUICK = ("--max-seconds", "0.3", "--fresh-runs", "1")


def captured(test, steps=6, form="eager"):
    """A capture with a window over the whole program."""
    capture = test.dir / f"capture-{form}"
    program = [test.program("redirect"), form, "plain", str(steps)]
    require_clean(test.run(program, test.shim_env("record", capture, FIBSHIM_WINDOW=WINDOW[form])))
    return capture


def candidates(test, *names):
    """A registry with candidates for `blend` by the names of their kernels, nothing of it pinned."""
    registry = Registry(test)
    registry.define(BLEND)
    registry.bind(BLEND)
    for name in names:
        registry.solve(BLEND, name, BLEND.launch(name))
    return registry


def command(test, capture, registry, *options):
    return [test.fib, "bench", capture, "--registry", registry.root, "--json", *QUICK, *options]


def environment(test, registry):
    return test.env(**registry.env())


def bench(test, capture, registry, *options, code=0):
    """`fib bench`: its JSON document."""
    result = test.run(command(test, capture, registry, *options), environment(test, registry), cwd=test.dir)
    require(result.returncode == code, f"fib bench: {result.returncode}, not {code}\n{result.out}{result.err}")
    return json.loads(result.out)


def traces(registry):
    path = registry.root / f"traces/{AUTHOR}/{OP_TYPE}/blend.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def statuses(registry):
    return {trace["solution"]: trace["evaluation"]["status"] for trace in traces(registry)
}

def validated(test, registry):
    result = test.tool("registry", "validate", registry.root, "--checks", "layout,definition,workload,solution,trace")
    require(result.returncode == 0, f"fib registry validate: {result.out}{result.err}")


@case
def judged(test):
    """A right candidate passes, a wrong one does not; what is written validates, and is used again."""
    registry = candidates(test, "blend_candidate", "blend_wrong")
    capture = captured(test)
    document = bench(test, capture, registry, code=1)
    require(len(document["cases"]) == 1, f"{document['cases']}")
    only = document["cases"][0]
    require(only["count"] == 6 and only["axes"] == {"rows": 8, "width": 32}, f"{only}")
    found = statuses(registry)
    require(found.get("blend_candidate") == "PASSED", f"{found}\n{document}")
    require(found.get("blend_wrong") == "INCORRECT_NUMERICAL", f"{found}\n{document}")
    for trace in traces(registry):
        require(trace["workload"]["fibshim"]["weight"] == 6, f"{trace}")
    validated(test, registry)
    again = bench(test, capture, registry, "--solution", "blend_candidate")
    require(again["cases"][0]["id"] == only["id"], f"{again['cases']}")


@case
def in_graphs(test):
    """Launches of graphs are judged like others."""
    registry = candidates(test, "blend_candidate")
    document = bench(test, captured(test, form="explicit"), registry, "--no-timing")
    require(document["passed"] == 1 and document["jobs"][0]["written"] is False, f"{document}")
    require(not traces(registry), "what was not timed is no Evaluation")


@case
def resumed(test):
    """--resume runs what has no result yet, and nothing else."""
    registry = candidates(test, "blend_wrong")
    capture = captured(test)
    bench(test, capture, registry, code=1)
    registry.solve(BLEND, "blend_candidate", BLEND.launch("blend_candidate"))
    document = bench(test, capture, registry, "--resume")
    require([job["solution"] for job in document["jobs"]] == ["blend_candidate"], f"{document['jobs']}")
    require(document["resumed"] == 1 and len(traces(registry)) == 2, f"{document}")
    require(bench(test, capture, registry, "--resume")["resumed"] == 2, "everything has a result")


@case
def killed(test):
    """SIGKILL in the middle: what was judged stays, and the rest follows."""
    names = [f"copy_{number}" for number in range(6)]
    registry = candidates(test)
    for name in names:
        registry.solve(BLEND, name, BLEND.launch("blend_candidate"))
    capture = captured(test)
    process = subprocess.Popen([str(word) for word in command(test, capture, registry)], cwd=test.dir,
                               env=environment(test, registry), stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 60
    while not traces(registry) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    before = len(traces(registry))
    require(0 < before < len(names), f"{before} results when it was killed")
    document = bench(test, capture, registry, "--resume")
    require(document["resumed"] == before, f"{document['resumed']} resumed, {before} were there")
    require(statuses(registry) == dict.fromkeys(names, "PASSED"), f"{statuses(registry)}")
    require(len(traces(registry)) == len(names), f"{len(traces(registry))} results")
    validated(test, registry)


@case
def applied(test):
    """FIBSHIM_MODE=apply takes what passed, never what is wrong, whatever the times say."""
    registry = candidates(test, "blend_candidate", "blend_wrong")
    bench(test, captured(test), registry, code=1)
    # The simulated kernels are equally fast: a policy that asks for no gain leaves the choice to correctness.
    registry.policy("blend", min_speedup=0.0, require_confidence=False)
    run = redirect(test, registry)
    require("blend_wrong" not in run.executed, f"{run.executed}")
    require(run.executed.get("blend_candidate") == 30, f"{run.executed}\n{run.report}")


@case
def workloads(test):
    """Cases as Workloads with their tensors, which validate."""
    registry = candidates(test, "blend_candidate")
    bench(test, captured(test), registry, "--workloads")
    lines = (registry.root / f"workloads/{OP_TYPE}/blend.jsonl").read_text().splitlines()
    (workload,) = [json.loads(line)["workload"] for line in lines]
    require(workload["inputs"]["x"]["type"] == "safetensors", f"{workload}")
    require(workload["inputs"]["value"]["type"] == "scalar", f"{workload}")
    require((registry.root / workload["inputs"]["x"]["path"]).exists(), "the file of tensors is there")
    validated(test, registry)


@case
def exported(test):
    """`fib export --workloads` needs no candidates; the budget holds."""
    registry = candidates(test)
    capture = captured(test)
    options = ("export", capture, "--workloads", registry.root, "--policy", "keep_first_k", "-k", "3")
    result = test.tool(*options)
    require(result.returncode == 0, f"fib export: {result.out}{result.err}")
    path = registry.root / f"workloads/{OP_TYPE}/blend.jsonl"
    values = {json.loads(line)["workload"]["inputs"]["value"]["value"] for line in path.read_text().splitlines()}
    require(len(values) == 3, f"three launches with other arguments: {values}")
    validated(test, registry)
    path.unlink()
    result = test.tool(*options, "--budget", "1500")
    require(result.returncode == 0 and len(path.read_text().splitlines()) == 1, f"{result.out}{result.err}")


def stand_in(test, name, text):
    """A script in the place of one of NVIDIA's tools: the test machine has none of them. Its folder."""
    folder = test.dir / "tools"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)
    return folder


def with_tools(test, registry, capture, *options):
    """`evaluation.fibshim` of the one result of a bench with tools of stand_in()."""
    path = f"{test.dir / 'tools'}:{os.environ['PATH']}"
    result = test.run(command(test, capture, registry, "--no-timing", *options),
                      {**environment(test, registry), "PATH": path}, cwd=test.dir)
    require(result.returncode == 0, f"fib bench: {result.returncode}\n{result.out}{result.err}")
    return json.loads(result.out)["jobs"][0]


@case
def tools(test):
    """A sanitizer and a profiler run the trial again, and what they say is kept; one that hangs is ended."""
    registry, capture = candidates(test, "blend_candidate"), captured(test)
    run = 'while [ "$1" != trial ]; do before="$1"; shift; done; "$before" "$@"'
    stand_in(test, "compute-sanitizer", f'{run} >&2 || exit 3\necho "========= ERROR SUMMARY: 1 error"\nexit 86')
    stand_in(test, "ncu", f'{run} >&2 || exit 3\n'
             'printf \'"ID","Kernel Name","gpu__time_duration.sum"\\n"","","ns"\\n"0","blend_candidate","640"\\n\'')
    found = with_tools(test, registry, capture, "--sanitizer", "racecheck", "--ncu")
    sanitizer, ncu = found["sanitizer"], found["ncu"]
    require(sanitizer["errors_found"] and sanitizer["findings"] == ["========= ERROR SUMMARY: 1 error"]
            and sanitizer["check"] == "racecheck", f"the sanitizer's word is lost: {sanitizer}")
    require(ncu["kernels"] == [{"kernel": "blend_candidate", "duration_ns": 640.0}], f"the profile is lost: {ncu}")
    stand_in(test, "ncu", "sleep 1000")
    ncu = with_tools(test, registry, capture, "--ncu", "--timeout", "0.3")["ncu"]
    require("too long" in ncu["ending"] and not ncu["kernels"], f"a tool that hangs: {ncu}")


@case
def refusals(test):
    """What can't be judged is said in one line, with the exit code that it has."""
    registry = candidates(test)
    capture = captured(test)
    for options, code, word in (((), 2, "no Solution"), (("--sanitizer",), 2, "compute-sanitizer"),
                                (("--solution", "("), 2, "--solution")):
        result = test.run(command(test, capture, registry, *options),
                          {**environment(test, registry), "PATH": "/nowhere"}, cwd=test.dir)
        require(result.returncode == code and word in result.err, f"{options}: {result.returncode} {result.err}")


if __name__ == "__main__":
    main()
