# SPDX-License-Identifier: Apache-2.0
"""What scripts/gpu_loop makes of its numbers: rows, the summary and the page. Nothing here runs anything."""

import statistics

import gpu_common

AB_HEADERS = ["model", "batch", "baseline ms/step", "baseline again", "winners ms/step", "decode", "throughput",
              "request", "tokens", "logits", "redirected"]
VERDICT_HEADERS = ["Definition", "axes", "Solution", "incumbent ms", "candidate ms", "speedup", "at least", "verdict"]
OVERHEAD_HEADERS = ["model", "batch", "off ms/step", "recording", "applying nothing"]
STEP_HEADERS = ["step", "seconds", "what came of it"]


def of_variant(runs, family, batch, variant, key):
    """A number of every run of a variant: {"family", "variant", "batches": [{"batch", ...}]}."""
    return [entry[key] for run in runs if run["family"] == family and run["variant"] == variant
            for entry in run["batches"] if entry["batch"] == batch and key in entry]


def pairs(runs):
    """All (family, batch) in the order in which they appear."""
    return list(dict.fromkeys((run["family"], entry["batch"]) for run in runs for entry in run["batches"]))


def spread(values, digits=3):
    """"2.540 (2.531-2.552)"; "-" without values."""
    if not values:
        return "-"
    middle = f"{statistics.median(values):.{digits}f}"
    return middle if len(values) == 1 else f"{middle} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def ratio(before, after):
    """How many times faster `after` is, from medians; None if one is missing."""
    if not before or not after or not statistics.median(after):
        return None
    return statistics.median(before) / statistics.median(after)


def times(value):
    return "-" if value is None else f"{value:.2f}x"


def percent(value):
    """A ratio of times as "+1.2 %"."""
    return "-" if value is None else f"{100 * (1 / value - 1):+.1f} %"


def sameness(runs, family, batch, variant, key):
    """Whether all runs of a variant agree with the first baseline: "equal", "DIFFERENT", or "-"."""
    first = of_variant(runs, family, batch, "baseline", key)[:1]
    other = of_variant(runs, family, batch, variant, key)
    if not first or not other:
        return "-"
    return "equal" if all(value == first[0] for value in other) else "DIFFERENT"


def noisy(runs, family, batch, variant, key):
    """The same, with what the baseline says about itself if it does not repeat its own output."""
    verdict = sameness(runs, family, batch, variant, key)
    itself = sameness(runs, family, batch, "baseline", key)
    return verdict + " (baseline too)" if verdict == "DIFFERENT" and itself == "DIFFERENT" else verdict


def ab_numbers(runs, family, batch):
    """Everything about one model and batch size, as plain numbers."""
    def numbers(variant, key="ms_per_step_median"):
        return of_variant(runs, family, batch, variant, key)

    baseline, winners = numbers("baseline"), numbers("winners")
    return {"family": family, "batch": batch, "baseline_ms": baseline, "winners_ms": winners,
            "noise": ratio(baseline[:1], baseline[1:]), "speedup": ratio(baseline, winners),
            "throughput": ratio(numbers("winners", "tokens_per_s"), numbers("baseline", "tokens_per_s")),
            "latency": ratio(numbers("baseline", "request_ms"), numbers("winners", "request_ms")),
            "tokens": noisy(runs, family, batch, "winners", "tokens_sha256"),
            "logits": noisy(runs, family, batch, "winners", "logits_sha256")}


def ab_rows(runs, hits):
    """The end-to-end table; `hits`: {family: "12 of 34 (35 %)"}."""
    rows = []
    for family, batch in pairs(runs):
        entry = ab_numbers(runs, family, batch)
        rows.append([family, batch, spread(entry["baseline_ms"][:1]), spread(entry["baseline_ms"][1:]),
                     spread(entry["winners_ms"]), times(entry["speedup"]), times(entry["throughput"]),
                     times(entry["latency"]), entry["tokens"], entry["logits"], hits.get(family, "-")])
    return rows


def overhead_rows(runs):
    """What the shim costs while it records, and while it looks up launches in an empty registry."""
    rows = []
    for family, batch in pairs(runs):
        off = of_variant(runs, family, batch, "baseline", "ms_per_step_median")
        row = [family, batch, spread(off)]
        for variant in ("recording", "empty"):
            row.append(percent(ratio(off, of_variant(runs, family, batch, variant, "ms_per_step_median"))))
        rows.append(row)
    return rows


def newest(traces):
    """The newest evaluation of each Solution on each workload."""
    found = {}
    for trace in traces:
        key = (trace.get("definition"), trace.get("solution"), trace.get("workload", {}).get("uuid"))
        stamp = (trace.get("evaluation") or {}).get("timestamp", "")
        if trace.get("evaluation") and (key not in found or found[key][0] <= stamp):
            found[key] = (stamp, trace)
    return [trace for _, trace in found.values()]


def verdict_of(trace):
    """In one or a few words."""
    evaluation = trace["evaluation"]
    if evaluation.get("status") != "PASSED":
        reason = (evaluation.get("fibshim") or {}).get("reason", "")
        return f"{evaluation.get('status')}{': ' if reason else ''}{reason}"
    ours = (evaluation.get("performance") or {}).get("fibshim") or {}
    return ours.get("verdict", "no verdict")


def verdict_rows(traces):
    """One row for each Solution and workload, the fastest first."""
    rows = []
    for trace in newest(traces):
        performance = trace["evaluation"].get("performance") or {}
        ours = performance.get("fibshim") or {}
        latency, incumbent = performance.get("latency_ms"), ours.get("incumbent_latency_ms")
        speedup = incumbent / latency if latency and incumbent else None
        axes = " ".join(f"{name}={value}" for name, value in trace.get("workload", {}).get("axes", {}).items())
        low = ours.get("speedup_low")
        rows.append((-(speedup or 0), [trace.get("definition"), axes, trace.get("solution"),
                     f"{incumbent:.4f}" if incumbent else "-", f"{latency:.4f}" if latency else "-", times(speedup),
                     times(low), verdict_of(trace)]))
    return [row for _, row in sorted(rows, key=lambda item: item[0])]


def beaten(traces):
    """Incumbents (by kernel, else by Definition) that a Solution beats clearly on some workload."""
    return {(trace["workload"].get("fibshim") or {}).get("kernel") or trace.get("definition")
            for trace in newest(traces) if verdict_of(trace) == "faster"}


def hit_text(report):
    """"48 of 260 (18 %)" of the counters of a process, as fib explain --report --json prints them."""
    redirected = sum(entry["eager"] + entry["in_graphs"] for entry in report.get("candidates", []))
    total = sum(kernel["launches"] for kernel in report.get("kernels", []))
    return f"{redirected} of {total} ({100 * redirected / total:.0f} %)" if total else "nothing launched"


def summary(data):
    """One or two lines."""
    parts = []
    for family, batch in pairs(data["runs"]):
        entry = ab_numbers(data["runs"], family, batch)
        if entry["speedup"] is not None:
            parts.append(f"{family} batch {batch}: {entry['speedup']:.2f}x, logits {entry['logits']}")
    failed = [step["step"] for step in data["steps"] if not step["good"]]
    text = "; ".join(parts) or "no end-to-end result"
    text += f". {len(beaten(data['traces']))} incumbents clearly beaten."
    return text + (f" Steps that failed: {', '.join(failed)}." if failed else "")


def step_rows(steps):
    return [[step["step"], f"{step['seconds']:.0f}", ("" if step["good"] else "FAILED: ") + step["text"][:150]]
            for step in steps]


def setting(runs):
    """What served, of {"layers", "cache", "attention", "cudnn", ...}; nothing without runs."""
    if not runs:
        return []
    run = runs[0]
    cudnn = ("with cuDNN's kernels where PyTorch prefers them." if run["cudnn"] else
             "without cuDNN's kernels, PyTorch's first choice, since their bits change from run to run.")
    return [f"Both sides: {run['layers']} layers, a static cache of {run['cache']} positions, attention",
            f"`{run['attention']}` {cudnn}", ""]


def page(data):
    """docs/results/loop.md"""
    parts = ["# The loop on a serving process", "", f"{summary(data)} {data['date']}, `{data['command']}`.", "",
             gpu_common.markdown_facts(data["machine"]), "", "## End to end", "",
             gpu_common.markdown_table(AB_HEADERS, ab_rows(data["runs"], data["hits"])), "",
             *setting(data["runs"]),
             "Medians over processes, with the range in brackets; each process decodes its trace of requests several",
             "times. `decode`, `throughput` and `request` say how many times faster the winners are: time of a decode",
             "step, tokens per second with prefill, time of a request. `tokens` and `logits` compare all of them with",
             "the first baseline, bit for bit. `redirected`: launches and graph nodes, of all that were decided.", ""]
    if data["traces"]:
        parts += ["## Candidates on recorded launches", "",
                  gpu_common.markdown_table(VERDICT_HEADERS, verdict_rows(data["traces"])), ""]
    if data["runs"]:
        parts += ["## What the shim costs", "",
                  gpu_common.markdown_table(OVERHEAD_HEADERS, overhead_rows(data["runs"])), ""]
    parts += ["## Steps", "", gpu_common.markdown_table(STEP_HEADERS, step_rows(data["steps"])), ""]
    return "\n".join(parts)
