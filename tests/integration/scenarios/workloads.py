# SPDX-License-Identifier: Apache-2.0
"""`fib bench --workloads` without a capture: Solutions on the Workloads of a registry, held against the Definition's
run, in a Python with the torch of the unit tests, or against a baseline."""

import base64
import json
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from registry_maker import HARDWARE, Registry
from scenario import case, main, require

TESTS = pathlib.Path(__file__).resolve().parents[2]
FAKE_TORCH = TESTS / "unit/judge_workload/fake_torch"
IMAGE = "it_workloads.simcubin"
N = 600
QUICK = ("--max-seconds", "0.3", "--fresh-runs", "2")

REFERENCE = """
import struct

import torch


def run(x, w, at, scale):
    xs, ws = (struct.unpack(f"<{t.numel()}f", t.data) for t in (x, w))
    ats = struct.unpack(f"<{at.numel()}i", at.data)
    ys = [x * ws[a & 15] + scale for x, a in zip(xs, ats)]
    return torch.Tensor(struct.pack(f"<{len(ys)}f", *ys), torch.float32, x.shape)
"""

DEFINITION = {
    "name": "mix", "op_type": "simulated", "description": "y = x w[at] + scale",
    "axes": {"n": {"type": "var", "description": "Values."}, "m": {"type": "const", "value": 16, "description": "Weights."}},
    "inputs": {"x": {"shape": ["n"], "dtype": "float32", "description": "Data."},
               "w": {"shape": ["m"], "dtype": "float32", "description": "Weights."},
               "at": {"shape": ["n"], "dtype": "int32", "description": "Which weight."},
               "scale": {"shape": None, "dtype": "float32", "description": "Added."}},
    "outputs": {"y": {"shape": ["n"], "dtype": "float32", "description": "Result."}},
    "reference": REFERENCE,
}


def launch(entry):
    arguments = [{"type": "ptr", "value": name} for name in ("x", "w", "at", "y")]
    arguments += [{"type": "f32", "value": "scale"}, {"type": "i32", "value": "n"}]
    return {"kernels": [{"entry": entry, "module": IMAGE, "grid": ["ceil_div(n, 32)"], "block": [32],
                         "arguments": arguments}],
            "tensors": {name: {"tail": 1} for name in ("x", "at", "y")}}


def safetensors(path, name, values):
    data = struct.pack(f"<{len(values)}f", *values)
    header = json.dumps({name: {"dtype": "F32", "shape": [len(values)], "data_offsets": [0, len(data)]}}).encode()
    header += b" " * (-len(header) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(header)) + header + data)


def solve(test, registry, name, author="me", block=None, **changes):
    content = (test.build / "sim" / IMAGE).read_bytes()
    record = {"name": name, "definition": "mix", "author": author, "description": "A mix.",
              "spec": {"language": "cuda", "target_hardware": [HARDWARE], "entry_point": f"{IMAGE}::run",
                       "launch": block or launch(f"mix_{name}")},
              "sources": [{"path": IMAGE, "encoding": "base64", "content": base64.b64encode(content).decode()}]}
    record["spec"].update(changes)
    record["spec"] = {key: value for key, value in record["spec"].items() if value is not None}
    registry.write(f"solutions/{author}/simulated/mix/{name}.json", record)


def made(test, *names, workloads=("w-random",), baseline=None):
    """A registry of one Definition without any binding, Solutions by the names of their kernels, and Workloads."""
    registry = Registry(test)
    registry.write("definitions/simulated/mix.json", DEFINITION)
    for name in names:
        solve(test, registry, name)
    if baseline:
        solve(test, registry, "base", "baseline", launch(f"mix_{baseline}"))
    safetensors(registry.root / "blob/workloads/simulated/mix/w.safetensors", "w", [i / 8 + 0.25 for i in range(16)])
    for number, uuid in enumerate(workloads):
        inputs = {"x": {"type": "random"}, "at": {"type": "random"}, "scale": {"type": "scalar", "value": 1.5},
                  "w": {"type": "safetensors", "path": "blob/workloads/simulated/mix/w.safetensors", "tensor_key": "w"}}
        registry.append("workloads/simulated/mix.jsonl",
                        {"definition": "mix", "solution": None, "evaluation": None,
                         "workload": {"uuid": uuid, "axes": {"n": N + number}, "inputs": inputs}})
    return registry


def bench(test, registry, *options, code=0, torch=True):
    """`fib bench --workloads`: its JSON document."""
    variables = {"PYTHONPATH": FAKE_TORCH} if torch else {"FIB_PYTHON": "/no/such/python"}
    command = [test.fib, "bench", "--registry", registry.root, "--workloads", "--json", *QUICK, *options]
    result = test.run(command, test.env(**registry.env(), **variables), cwd=test.dir)
    require(result.returncode == code, f"fib bench: {result.returncode}, not {code}\n{result.out}{result.err}")
    return json.loads(result.out) if result.out else result.err


def traces(registry, author="me"):
    path = registry.root / f"traces/{author}/simulated/mix.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def by_solution(registry):
    return {trace["solution"]: trace["evaluation"] for trace in traces(registry)}


def validated(test, registry):
    result = test.tool("registry", "validate", registry.root, "--checks", "layout,definition,workload,solution,trace")
    require(result.returncode == 0, f"fib registry validate: {result.out}{result.err}")


@case
def referenced(test):
    """The Definition's run says what is right; without a baseline there are times alone."""
    registry = made(test, "good", "wrong", "stray")
    document = bench(test, registry, code=1)
    require(document["passed"] == 1 and document["wrong"] == 2, f"{document}")
    found = by_solution(registry)
    require({name: it["status"] for name, it in found.items()} ==
            {"good": "PASSED", "wrong": "INCORRECT_NUMERICAL", "stray": "INCORRECT_NUMERICAL"}, f"{found}")
    wrong = found["wrong"]["correctness"]["extra"]["fibshim"]
    require(wrong["first_wrong"]["output"] == "y" and wrong["first_wrong"]["index"] == [7], f"{wrong}")
    require(found["stray"]["fibshim"]["reason"] == "writes too much", f"{found['stray']}")
    inputs = found["good"]["fibshim"]["inputs"]
    require(inputs["x"] == "normal, seed 1" and inputs["scale"] == "value of the Workload", f"{inputs}")
    performance = found["good"]["performance"]
    require(performance["latency_ms"] > 0, f"{performance}")
    require(performance["reference_latency_ms"] == 0 and performance["speedup_factor"] == 0, f"{performance}")
    require(performance["fibshim"]["against"] == "nothing", f"{performance}")
    require("incumbent_latency_ms" not in performance["fibshim"], f"{performance}")
    require({trace["workload"]["uuid"] for trace in traces(registry)} == {"w-random"}, "they name the Workload")
    checks = [check["name"] for check in found["good"]["correctness"]["extra"]["fibshim"]["checks"]]
    require("fresh inputs 2" in checks and "after timing" in checks, f"{checks}")
    validated(test, registry)
    require(len((registry.root / "workloads/simulated/mix.jsonl").read_text().splitlines()) == 1, "none is added")


@case
def against_baseline(test):
    """Pairs against the Solution of the author `baseline`; it is judged as well."""
    registry = made(test, "slow", baseline="good")
    bench(test, registry)
    (trace,) = traces(registry)
    performance = trace["evaluation"]["performance"]
    ours = performance["fibshim"]
    require(ours["against"] == "baseline" and ours["baseline"] == "base", f"{ours}")
    require(ours["verdict"] == "slower" and performance["speedup_factor"] < 0.9, f"{performance}")
    require(performance["reference_latency_ms"] == ours["baseline_latency_ms"] > 0, f"{performance}")
    (own,) = traces(registry, "baseline")
    require(own["evaluation"]["status"] == "PASSED", f"{own}")
    validated(test, registry)


@case
def without_python(test):
    """Where there is no torch the baseline says what is right, too, and is not judged by itself."""
    registry = made(test, "slow", "wrong", baseline="good")
    document = bench(test, registry, code=1, torch=False)
    require(any("the baseline base says what is right" in note for note in document["notes"]), f"{document['notes']}")
    found = by_solution(registry)
    require({name: it["status"] for name, it in found.items()} == {"slow": "PASSED", "wrong": "INCORRECT_NUMERICAL"},
            f"{found}")
    require(document["not_applicable"] == 1 and not traces(registry, "baseline"), "it would be held against itself")
    registry = made(test, "good", workloads=())  # the same registry, without a baseline
    (registry.root / "solutions/baseline/simulated/mix/base.json").unlink()
    jobs = bench(test, registry, code=1, torch=False)["jobs"]
    require(jobs and all("there is no baseline" in job["problem"] for job in jobs), f"nothing says what is right: {jobs}")


@case
def named_baseline(test):
    """--baseline takes any Solution."""
    registry = made(test, "good", "slow")
    bench(test, registry, "--baseline", "^good$", "--solution", "slow", "--definition", "mix")
    (trace,) = traces(registry)
    require(trace["evaluation"]["performance"]["fibshim"]["baseline"] == "good", f"{trace}")
    again = ("--resume", "--solution", "slow", "--definition", "mix", "--baseline")
    document = bench(test, registry, *again, "^good$")
    require(document["resumed"] == 1 and not document["jobs"], f"the same again: {document}")
    document = bench(test, registry, *again, "nobody")
    require(document["resumed"] == 0 and len(document["jobs"]) == 1, f"against another baseline: {document}")
    require(any("--baseline names no Solution" in note for note in document["notes"]), f"{document['notes']}")


@case
def isolated(test):
    """Crashes and hangs end their own trials alone."""
    registry = made(test, "crash", "good", "hang")
    bench(test, registry, "--timeout", "3", code=1)
    found = {name: it["status"] for name, it in by_solution(registry).items()}
    require(found == {"crash": "RUNTIME_ERROR", "good": "PASSED", "hang": "TIMEOUT"}, f"{found}")


@case
def resumed(test):
    """--resume runs what has no result; a second bench asks Python for nothing."""
    registry = made(test, "wrong", workloads=("one", "two"))
    require(bench(test, registry, code=1)["wrong"] == 2, "both Workloads")
    solve(test, registry, "good")
    document = bench(test, registry, "--resume", "--workload", "two", torch=False)
    require([job["solution"] for job in document["jobs"]] == ["good"] and document["resumed"] == 1, f"{document}")
    require(traces(registry)[-1]["workload"]["uuid"] == "two", f"{traces(registry)[-1]}")


@case
def not_launchable(test):
    """What can't be launched without an engine is named, and leaves nothing."""
    registry = made(test, "good")
    copying = launch("mix_good")
    copying["kernels"][0]["arguments"][0] = {"copy": {"parameter": 2, "offset": 0, "size": 8}}
    solve(test, registry, "copying", block=copying)
    solve(test, registry, "plain", launch=None)
    document = bench(test, registry)
    notes = "\n".join(document["notes"])
    require("copying, which copy parameter 2 of the engine's launch" in notes, notes)
    require("plain, which have no launch block" in notes, notes)
    require(list(by_solution(registry)) == ["good"], f"{by_solution(registry)}")


@case
def ranked(test):
    """fib rank and fib report take these results, each Workload with a weight of 1."""
    registry = made(test, "good", "slow", "wrong", baseline="good", workloads=("one", "two"))
    bench(test, registry, code=1)
    result = test.tool("rank", "--registry", registry.root, "--by", "fast_p", "--json")
    require(result.returncode == 0 and '"slow"' in result.out, f"fib rank: {result.out}{result.err}")
    result = test.tool("report", "--registry", registry.root, "-o", test.dir / "report.html", "--json", "-")
    require(result.returncode == 0 and '"slow"' in result.out, f"fib report: {result.out}{result.err}")


@case
def refusals(test):
    """Without a capture --workloads must be asked for."""
    registry = made(test, "good")
    result = test.tool("bench", "--registry", registry.root)
    require(result.returncode == 2 and "--workloads" in result.err, f"{result.returncode} {result.err}")
    result = test.tool("bench", "capture", "--registry", registry.root, "--baseline", "good")
    require(result.returncode == 2 and "--baseline" in result.err, f"{result.returncode} {result.err}")


if __name__ == "__main__":
    main()
