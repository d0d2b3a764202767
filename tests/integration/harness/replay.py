# SPDX-License-Identifier: Apache-2.0
"""Recording windows, replaying and extracting them, and what `fib replay --json` must say."""

import json
import pathlib

from fibtest import Failure, require, require_clean

VERDICTS = ("exact", "nondeterministic", "mismatch", "effect", "not_replayable", "unverified")
SLACK = 1 << 20  # bytes by which a small extract may be larger than a small capture
WHOLE = "at-launch=1,verify=launch"  # from the first launch to the end of the process


class Report:
    """What `fib replay --json` said about one window."""

    def __init__(self, document):
        self.document = document
        self.all = document["launches"]
        self.launches = len(self.all)
        self.totals = dict.fromkeys(VERDICTS, 0)
        for launch in self.all:
            self.totals[launch["verdict"].replace(" ", "_")] += 1
        self.deviations = document["deviations"]
        self.divergence = document["outcome"].get("first_divergence", "")

    def kernel(self, launch):
        return self.document["kernels"][str(launch["kernel"])]

    def by_kernel(self):
        """{mangled name: launches}"""
        counts = {}
        for launch in self.all:
            counts[self.kernel(launch)] = counts.get(self.kernel(launch), 0) + 1
        return counts

    def with_verdict(self, verdict):
        """Launches of that verdict."""
        return [launch for launch in self.all if launch["verdict"].replace(" ", "_") == verdict]

    def __str__(self):
        text = json.dumps(self.document)
        return text if len(text) < 6000 else text[:6000] + " ..."


def record(case, command, spec=WHOLE, count_file=None, **env):
    """Records a program with a window; its result. The capture is case.dir/capture."""
    extra = {"FIBSHIM_WINDOW": spec, **env}
    if count_file:
        extra["FIBSIM_COUNT_FILE"] = count_file
    return case.run(command, case.shim_env("record", case.dir / "capture", **extra))


def run(case, capture, *options, env=None, timeout=120):
    """Runs `fib replay --json`; (result, Report or None)."""
    environment = case.env(**(env or {}))
    result = case.run([case.fib, "replay", capture, "--json", *options], environment, timeout=timeout,
                      cwd=case.dir)
    try:
        return result, Report(json.loads(result.out))
    except (ValueError, KeyError):
        return result, None


def replayed(case, capture, *options, code=0, **keywords):
    """The same; exit code and JSON must be right."""
    result, report = run(case, capture, *options, **keywords)
    require(report is not None, f"fib replay: exit code {result.returncode}, no report\n{result.out[-3000:]}"
            f"{result.err[-3000:]}")
    require(result.returncode == code,
            f"fib replay: exit code {result.returncode}, not {code}\n{result.err}\n{report}")
    require("Sanitizer" not in result.err, result.err)
    return report


def require_totals(report, **expected):
    """Every launch is accounted for, and all are exact but for those that `expected` names."""
    require(report.launches > 0 and report.document["status"] == "done", f"{report}")
    wanted = {verdict: expected.get(verdict, 0) for verdict in VERDICTS if verdict != "exact"}
    for launch in report.all:
        require(launch["verdict"] in ("exact", "unverified") or launch.get("reason"), f"without a reason: {launch}")
    compared = report.document["outcome"]["pages"]
    require(compared > 0 or report.document["verify"] != "window" or wanted["unverified"],
            f"exact, and no page was compared\n{report}")
    wanted["exact"] = report.launches - sum(wanted.values())
    require(report.totals == wanted, f"{report.totals}, expected {wanted}\n{report}")


def executed(count_file):
    """{kernel: executions} as the simulated driver counted, without the shim's own kernels."""
    counts = {}
    for path in count_file.parent.glob(count_file.name + ".*"):
        for line in path.read_text(errors="replace").splitlines():
            count, _, name = line.strip("\0").strip().partition(" ")
            if name and not name.startswith("fib_"):
                counts[name] = counts.get(name, 0) + int(count)
    return {name: count for name, count in counts.items() if count}


def extract(case, capture, number, name):
    return case.run([case.fib, "extract", capture, "--launch", str(number), "-o", case.dir / name], case.env(),
                    cwd=case.dir)


def extracted(case, capture, number, name="extract"):
    """Extracts one launch; the directory of the extract."""
    result = extract(case, capture, number, name)
    require(result.returncode == 0, f"fib extract --launch {number}: {result.returncode}\n{result.err}")
    return case.dir / name


def log_of(capture):
    """The log of the only process in a capture."""
    logs = sorted(pathlib.Path(capture).glob("*/log.fib"))
    if len(logs) != 1:
        raise Failure(f"{len(logs)} logs in {capture}")
    return logs[0]


def check_replay(case, expect, count_file):
    """Mode `replayed`: the window replays, with the verdicts that are expected; so do its digests alone."""
    capture = case.dir / "capture"
    wanted = expect.verdicts()
    report = replayed(case, capture, "--verify", "launch", code=expect.get("replay.exit", 0))
    require_totals(report, **wanted)
    counted = executed(count_file)
    part = expect.get("replay.part", 0) and all(counted.get(k, 0) >= n for k, n in report.by_kernel().items())
    require(part or report.by_kernel() == counted, f"kernels {report.by_kernel()}, the driver ran {counted}")
    for text in expect.lists["replay.deviation"]:
        require(text in str(report.deviations), f"no deviation says {text!r}: {report.deviations}")
    if not expect.lists["replay.deviation"]:
        require(not report.deviations, f"deviations of the replay: {report.deviations}")
    return report


def check_extract(case, expect):
    """Mode `extracted`: a launch in the middle and the last one replay by themselves; one that cannot run
    alone is refused."""
    capture = case.dir / "capture"
    report = replayed(case, capture, "--verify", "launch", code=expect.get("replay.exit", 0))
    alone = [launch["launch"] for launch in report.all if launch["verdict"] in ("exact", "nondeterministic")]
    for number in sorted({alone[len(alone) // 2], alone[-1]}) if alone else []:
        check_one_extract(case, capture, number)
    for launch in report.with_verdict("effect")[:1]:
        result = extract(case, capture, launch["launch"], "refused")
        require(result.returncode == 2 and "effect" in result.err, f"{result.returncode}: {result.err}")


def check_one_extract(case, capture, number):
    part = extracted(case, capture, number, f"extract{number}")
    require(size_of(part) <= size_of(capture) + SLACK, "the extract is larger than the capture")
    one = replayed(case, part, "--verify", "launch")
    require(one.launches == 1, f"launch {number}\n{one}")
    require(one.all[0]["verdict"] in ("exact", "nondeterministic"), f"launch {number}\n{one}")


def size_of(directory):
    return sum(path.stat().st_size for path in pathlib.Path(directory).rglob("*") if path.is_file())


__all__ = ["Report", "WHOLE", "check_extract", "check_replay", "executed", "extracted", "log_of", "record",
           "replayed", "require_clean", "require_totals", "run"]
