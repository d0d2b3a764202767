# SPDX-License-Identifier: Apache-2.0
"""Programs under FIBSHIM_MODE=apply and shadow: what really ran, and what the shim says about it."""

import json

from fibtest import require, require_clean
from registry_maker import KERNELS
from replay import executed


class Report:
    """The counters of one process, by `fib explain --report FILE --json`."""

    def __init__(self, test, path):
        result = test.tool("explain", "--report", path, "--json")
        require(result.returncode == 0, f"fib explain --report: {result.returncode}\n{result.out}{result.err}")
        self.document = json.loads(result.out)

    def __str__(self):
        return json.dumps(self.document, indent=1)[:6000]

    def reason(self, name, kernel=None):
        """How often a reason was given, of one kernel or of all."""
        return sum(entry["reasons"].get(name, 0) for entry in self.document["kernels"]
                   if kernel in (None, entry["kernel"]))

    def of_candidate(self, counter, candidate=None):
        """A counter over the candidates: eager, in_graphs, failed, shadowed, mismatched, unverified."""
        return sum(entry[counter] for entry in self.document["candidates"]
                   if candidate in (None, entry["candidate"]))


class Run:
    """A program's run: result, {kernel: executions}, and the report."""

    def __init__(self, test, command, env, name, mode=None, **options):
        self.count_file, self.report_file = test.dir / f"{name}-count", test.dir / f"{name}-report"
        env = {**env, "FIBSIM_COUNT_FILE": self.count_file}
        if mode is not None:
            env = test.shim_env(mode, None, **{**env, "FIBSHIM_REPORT": self.report_file}, **options)
        else:
            env = test.env(**env)
        self.result = test.run(command, env)
        self.test, self.executed = test, executed(self.count_file)

    @property
    def report(self):
        require(self.report_file.exists(), f"no report was written\n{self.result.err}")
        return Report(self.test, self.report_file)

    def candidates(self):
        """Executions of kernels that are not the program's own."""
        return {name: count for name, count in self.executed.items()
                if name.endswith("_candidate") or name.startswith("blend_")}


def originals(counts):
    """Executions by the original's name, whichever of the two ran."""
    names = {kernel.candidate: kernel.name for kernel in KERNELS.values()}
    merged = {}
    for name, count in counts.items():
        name = names.get(name, name)
        merged[name] = merged.get(name, 0) + count
    return merged


def same_as_direct(direct, run, shim_lines=0, **clean):
    """Output and exit code are those without the shim."""
    require_clean(run.result, shim_lines=shim_lines, **clean)
    require(direct.result.out == run.result.out,
            f"stdout differs:\n--- direct\n{direct.result.out}\n--- shim\n{run.result.out}")


def check_applied(direct, run, expect):
    """Mode `applied`: every execution was the original's or the candidate's, and all that could be redirected
    were, but for those that the test names."""
    if expect.get("applied.uncounted", 0):
        return require_redirects(run.report, expect)
    left = dict(item.split(":") for item in expect.lists["applied.left"])
    require(originals(run.executed) == originals(direct.executed) or expect.get("applied.varies", 0),
            f"executed {run.executed}, without the shim {direct.executed}")
    for kernel in KERNELS.values():
        count = run.executed.get(kernel.name, 0)
        require(left.get(kernel.name, "0") in ("any", str(count)),
                f"{kernel.name}: the original ran {count} times, expected {left.get(kernel.name, 0)}")
    redirected = sum(run.candidates().values())
    require((redirected > 0) == (expect.get("applied.none", 0) == 0), f"{redirected} executions redirected")
    if expect.get("applied.report", 1):
        check_report(run, expect)


def check_report(run, expect):
    """The counters say what ran. A node of a graph counts once for each time that it is set, however often
    the graph is launched."""
    report = run.report
    eager, in_graphs = report.of_candidate("eager"), report.of_candidate("in_graphs")
    redirected = sum(run.candidates().values())
    if in_graphs == 0:
        require(eager == redirected, f"{eager} redirects counted, {redirected} executed\n{report}")
    else:
        require(eager <= redirected, f"{eager} eager redirects counted, {redirected} executed\n{report}")
    require_redirects(report, expect)


def require_redirects(report, expect):
    for form in ("eager", "in_graphs"):
        count, wanted = report.of_candidate(form), expect.get(f"applied.{form}", 0)
        require(count >= wanted, f"{form}: {count} redirects, expected {wanted} or more\n{report}")
    require(report.of_candidate("failed") == 0, f"failures\n{report}")


def check_shadowed(direct, run, expect):
    """Mode `shadowed`: the originals all ran, candidates beside them, and nothing differed."""
    own = {name: count for name, count in run.executed.items() if name not in run.candidates()}
    require(own == direct.executed, f"executed {own}, without the shim {direct.executed}")
    report = run.report
    shadowed = report.of_candidate("shadowed")
    require((shadowed > 0) == (expect.get("applied.none", 0) == 0), f"{shadowed} launches compared\n{report}")
    require(report.of_candidate("mismatched") == 0 and report.of_candidate("failed") == 0, f"{report}")
    redirected = report.of_candidate("eager") + report.of_candidate("in_graphs")
    require(redirected == 0, f"{redirected} redirects\n{report}")


__all__ = ["Report", "Run", "check_applied", "check_shadowed", "originals", "same_as_direct"]
