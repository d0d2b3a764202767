# SPDX-License-Identifier: Apache-2.0
"""The steps of scripts/gpu_loop: each runs documented commands and returns what came of it, in one line."""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import shutil
import sys
import time

import gpu_common
import gpu_capture
import gpu_loop_table as table

SERVE = gpu_common.ROOT / "scripts" / "loop" / "serve.py"
TARGETS = ["fib", "fibshim", "fibaudit"]
RANGE = "decode-step"


class Problem(Exception):
    """Why a step failed, in one line."""


def require(condition, text):
    if not condition:
        raise Problem(text)


class Loop:
    """What the steps share: options, directories, and what was found so far."""

    def __init__(self, options, directory, deadline):
        self.options, self.directory, self.deadline = options, pathlib.Path(directory), deadline
        self.build, self.registry = options.build, self.directory / "registry"
        self.runs, self.hits, self.traces = [], {}, []
        self.until = deadline  # of the step that runs

    def command(self, *words, timeout=None, env=None):
        """Runs a command within the step's limit; --dry-run prints it."""
        words = [str(word) for word in words]
        if self.options.dry_run:
            print(shlex.join(words).replace(f"{gpu_common.ROOT}/", ""), flush=True)
            return gpu_common.Outcome(0, "", "", 0)
        left = self.left()
        require(left > 1, "the time was up")
        return gpu_common.run(words, min(timeout or left, left), env, gpu_common.ROOT)

    def left(self):
        """Seconds that the step has left."""
        return self.until - time.monotonic()

    def fib(self, *words, timeout=None):
        return self.command(self.build / "bin" / "fib", *words, timeout=timeout)

    def good(self, what, outcome, codes=(0,)):
        """The outcome; a Problem if it timed out or failed."""
        require(not outcome.timed_out, f"{what}: timed out after {outcome.seconds:.0f} s")
        require(outcome.code in codes, f"{what}: exit code {outcome.code}: {outcome.last_words()}")
        return outcome

    def serve(self, family, *words):
        """The serving process for one family of models."""
        tiny = ["--device", "cpu", "--tiny"] if self.options.cpu else []
        # cuDNN's attention gives other bits from run to run: with it nobody can tell whether anything else does.
        steady = [] if self.options.cudnn else ["--deterministic"]
        return [sys.executable, SERVE, "--family", family, "--batches", self.options.batches, *steady, *words, *tiny]

    def short(self, family):
        """As few layers and steps as show every kernel of the decoding."""
        return self.serve(family, "--layers", self.options.record_layers, "--rounds", 0, "--steps", 8)

    def capture(self, family):
        return self.directory / f"capture-{family}"

    def replayed(self, family, window):
        """What the replay of a window said."""
        return self.directory / f"replay-{family}-{window}.json"

    def each_family(self, work):
        """work(family) for all families at the same time: [(family, result)]."""
        with concurrent.futures.ThreadPoolExecutor(len(self.options.families)) as pool:
            return list(zip(self.options.families, pool.map(work, self.options.families)))


def last_json(text):
    """The last line-leading JSON object in a text; None without one."""
    decoder = json.JSONDecoder()
    for at in range(len(text) - 1, -1, -1):
        if text[at] == "{" and (at == 0 or text[at - 1] == "\n"):
            try:
                return decoder.raw_decode(text[at:])[0]
            except ValueError:
                continue
    return None


def build(loop):
    """The tool, the shim and the independent counter, as scripts/build makes them."""
    if not (loop.build / "CMakeCache.txt").exists():
        loop.good("setup", loop.command(gpu_common.ROOT / "scripts" / "setup"))
        loop.good("cmake", loop.command("cmake", "--preset", "release", "-S", gpu_common.ROOT, "-B", loop.build))
    loop.good("build", loop.command("cmake", "--build", loop.build, "--parallel", os.cpu_count() or 4, "--target",
                                    *TARGETS))
    return "built " + ", ".join(TARGETS)


def audit(loop):
    """Is every launch seen? Counted by CUPTI too."""
    def one(family):
        outcome = loop.fib("audit", "--json", "--", *loop.short(family))
        if loop.options.dry_run:
            return ""
        found = last_json(outcome.out)
        require(found is not None, f"{family}: no report: {outcome.last_words()}")
        require(found["clean"], f"{family}: difference of {found['difference']}; {found['uncountable']}")
        return f"{family}: no difference in {found['witness']} launches"
    return "; ".join(text for _, text in loop.each_family(one))


def record(loop):
    """A window for each batch size: one steady decode step, with its memory."""
    count = len(loop.options.batches.split(","))

    def one(family):
        shutil.rmtree(loop.capture(family), ignore_errors=True)
        outcome = loop.good(f"record {family}", loop.fib(
            "record", "-o", loop.capture(family), "--no-summary", "--window",
            f"at-range={RANGE},count={count},verify=launch", "--", *loop.short(family)))
        if loop.options.dry_run:
            return ""
        windows = gpu_capture.windows(gpu_capture.info(loop.build, loop.capture(family)))
        require(len(windows) == count, f"{family}: {len(windows)} windows, not {count}: {outcome.last_words()}")
        size = gpu_capture.size_of(loop.capture(family)) / 2**30
        return f"{family}: {len(windows)} windows, {size:.1f} GiB"
    return "; ".join(text for _, text in loop.each_family(one))


def window_numbers(loop, family):
    """Of the windows in a capture; one for each batch size."""
    if loop.options.dry_run:
        return range(1, 1 + len(loop.options.batches.split(",")))
    numbers = [window["window"] for window in gpu_capture.windows(gpu_capture.info(loop.build, loop.capture(family)))]
    require(numbers, f"{family}: there is no window to replay")
    return numbers


def replay(loop):
    """Every window again in another process, each launch compared."""
    lines = []
    for family in loop.options.families:
        for number, batch in zip(window_numbers(loop, family), loop.options.batches.split(",")):
            words = ["replay", "--json", "--verify", "launch", "--window", number, loop.capture(family)]
            outcome = loop.fib(*words)
            if loop.options.dry_run:
                continue
            report = last_json(outcome.out)
            loop.replayed(family, number).write_text(outcome.out, encoding="utf-8")
            require(report is not None, f"{family} batch {batch}: no report: {outcome.last_words()}")
            counts = gpu_capture.tally(report)
            require(counts["mismatch"] == 0 and sum(counts.values()) > 0,
                    f"{family} batch {batch}: {counts}; {report.get('message', '')[:200]}")
            lines.append(f"{family} batch {batch}: {counts['exact']} of {sum(counts.values())} launches exact")
    return "; ".join(lines)


def registry(loop):
    """A copy of the registry, which nobody else can write to, built for this GPU."""
    if not loop.options.dry_run:
        require(loop.options.registry.is_dir(), f"there is no registry {loop.options.registry}")
        shutil.rmtree(loop.registry, ignore_errors=True)
        shutil.copytree(loop.options.registry, loop.registry, ignore=shutil.ignore_patterns(".fib"))
        for path in [loop.registry, *loop.registry.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
    outcome = loop.good("registry build", loop.fib("registry", "build", loop.registry), codes=(0, 1))
    require("fibshim will refuse" not in outcome.out, outcome.out.strip().splitlines()[-1] if outcome.out else "")
    return next((line for line in outcome.out.splitlines() if " built" in line), "built")


def bench(loop):
    """Every candidate on the recorded launches, beside the kernel that is there."""
    lines = []
    for number, family in enumerate(loop.options.families):
        outcome = loop.fib("bench", loop.capture(family), "--registry", loop.registry, "--all", "--resume",
                           "--max-seconds", loop.options.max_seconds, "--fresh-runs", loop.options.fresh_runs,
                           timeout=loop.left() / (len(loop.options.families) - number))
        if not loop.options.dry_run:
            (loop.directory / f"bench-{family}.txt").write_text(outcome.out + outcome.err, encoding="utf-8")
        lines.append(f"{family}: " + ("timed out" if outcome.timed_out else f"exit code {outcome.code}"))
        require(loop.options.dry_run or outcome.timed_out or outcome.code in (0, 1),
                f"{family}: exit code {outcome.code}: {outcome.last_words()}")
    loop.traces = read_traces(loop.registry)
    require(loop.options.dry_run or loop.traces, "no result was written: " + "; ".join(lines))
    return (f"{'; '.join(lines)}; {len(table.newest(loop.traces))} results, "
            f"{len(table.beaten(loop.traces))} incumbents beaten")


def read_traces(root):
    """Every Trace of a registry."""
    found = []
    for path in sorted(pathlib.Path(root).glob("traces/**/*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
    return [trace for trace in found if isinstance(trace, dict)]


def rank(loop):
    """Which Solutions save most time."""
    outcome = loop.good("rank", loop.fib("rank", "--registry", loop.registry))
    if not loop.options.dry_run:
        (loop.directory / "rank.txt").write_text(outcome.out, encoding="utf-8")
    return (outcome.out.strip().splitlines() or ["ranked"])[-1]


def report(loop):
    """The page that a person reads, one for each model; the window of the largest batch is its timeline."""
    pages = []
    for family in loop.options.families:
        page, number = loop.directory / f"report-{family}.html", list(window_numbers(loop, family))[-1]
        replayed = loop.replayed(family, number)
        words = ["--replay", replayed, "--window", number] if loop.options.dry_run or replayed.exists() else []
        loop.good("report", loop.fib("report", loop.capture(family), "--registry", loop.registry, "-o", page, *words))
        pages.append(page.name)
    return ", ".join(pages)


def require_results(loop):
    """Without any result no kernel is replaced, and there is nothing to compare."""
    dry = loop.options.dry_run or loop.options.cpu
    require(dry or read_traces(loop.registry), "not run: no Solution was judged")


def qualify(loop):
    """All winners at once; what breaks the output is demoted."""
    require_results(loop)

    def one(family):
        found = loop.directory / f"qualify-{family}.json"
        outcome = loop.fib("qualify", "--registry", loop.registry, "--json", found, "--file", "tokens.json", "--file",
                           "digests.txt", "--max-runs", loop.options.qualify_runs, "--",
                           *loop.serve(family, "--layers", loop.options.layers, "--rounds", 0, "--out", "{out}"))
        if loop.options.dry_run:
            return ""
        require(not outcome.timed_out and outcome.code in (0, 1), f"{family}: {outcome.last_words()}")
        data = json.loads(found.read_text(encoding="utf-8"))
        return (f"{family}: as-is {'yes' if data['as_is'] else 'no'}, kept {data['kept']} of {data['deployed']}"
                + "".join(f", demoted {entry['solution']}" for entry in data["demoted"]))
    # One after the other: both write the registry's demotions.
    return "; ".join(one(family) for family in loop.options.families)


def variant_command(loop, family, variant, place):
    """The serving process bare, with the winners, recorded, or with a registry that holds nothing."""
    serve = loop.serve(family, "--layers", loop.options.layers, "--rounds", loop.options.rounds, "--out", place)
    fib = loop.build / "bin" / "fib"
    if variant == "winners":
        return [fib, "run", "--registry", loop.registry, "--report", place / "counters", "--", *serve]
    if variant == "empty":
        return [fib, "run", "--registry", loop.directory / "empty", "--no-summary", "--", *serve]
    if variant == "recording":
        return [fib, "record", "--no-summary", "-o", place / "capture", "--", *serve]
    return serve


def run_variant(loop, family, variant, place):
    """One process of the A/B; what it measured goes into loop.runs."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    outcome = loop.command(*variant_command(loop, family, variant, place))
    if loop.options.dry_run:
        return
    loop.good(f"{family} {variant}", outcome)
    result = json.loads((place / "result.json").read_text(encoding="utf-8"))
    tokens = json.loads((place / "tokens.json").read_text(encoding="utf-8"))
    for entry in result["batches"]:
        entry["tokens_sha256"] = hashlib.sha256(json.dumps(tokens[str(entry["batch"])]).encode()).hexdigest()
    loop.runs.append({**result, "variant": variant})
    if variant == "winners":
        loop.hits[family] = hits_of(loop, place)


def hits_of(loop, place):
    """The hit rate of the process that launched most."""
    reports = [last_json(loop.fib("explain", "--report", path, "--json").out) for path in place.glob("counters.*")]
    reports = [report for report in reports if report]
    if not reports:
        return "no counters"
    most = max(reports, key=lambda report: sum(kernel["launches"] for kernel in report["kernels"]))
    (place / "hits.json").write_text(json.dumps(most, indent=1), encoding="utf-8")
    return table.hit_text(most)


def schedule(repeat, overheads=True):
    """Variants in the order in which they run: baselines and winners take turns, the overheads once."""
    turns = [["baseline", "winners"], ["winners", "baseline"]]
    order = [variant for turn in range(max(2, repeat)) for variant in turns[turn % 2]]
    return order[:2] + ["recording", "empty"] * overheads + order[2:]


def ab(loop):
    """Baseline, winners, and again, taking turns; overheads of recording and of applying nothing."""
    require_results(loop)
    (loop.directory / "empty" / "bindings").mkdir(parents=True, exist_ok=True)
    problems = []
    for number, variant in enumerate(schedule(loop.options.repeat, not loop.options.no_overheads)):
        for family in loop.options.families:
            try:
                run_variant(loop, family, variant, loop.directory / "ab" / f"{number}-{family}-{variant}")
            except Problem as problem:
                problems.append(str(problem))
    require(not problems, "; ".join(problems))
    return f"{len(loop.runs)} processes"


# name: (what, seconds at most, seconds that later steps need). What is later in the list can still run.
STEPS = {"build": (build, 1800), "audit": (audit, 90), "record": (record, 90), "replay": (replay, 90),
         "registry": (registry, 60), "bench": (bench, 450), "rank": (rank, 10), "report": (report, 30),
         "qualify": (qualify, 150), "ab": (ab, 450)}
RESERVED = {"ab": 350, "qualify": 60, "report": 15, "rank": 5, "bench": 90}  # seconds that earlier steps leave to these
