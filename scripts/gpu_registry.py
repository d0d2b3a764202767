# SPDX-License-Identifier: Apache-2.0
"""Registries on a GPU machine: kernels of a capture bound to copies of themselves, builds, redirected runs."""

import json
import pathlib
import re
import shutil

import gpu_common

CUT = 500  # characters of a name that a report has room for, at least
NEEDED = ["bin/fib", "lib/libfibshim.so"]


class Problem(Exception):
    """What went wrong, in one line; becomes the verdict of a case."""


def require(condition, text):
    if not condition:
        raise Problem(text)


def fib(build, *words, timeout=120, env=None):
    """Runs the tool; its outcome, which must be good."""
    outcome = gpu_common.run([build / "bin" / "fib", *words], timeout, env)
    require(outcome.code == 0, f"fib {' '.join(str(word) for word in words[:2])}: "
            f"{'timed out' if outcome.timed_out else outcome.code}: {outcome.last_words()}")
    return outcome


def record(build, capture, command, timeout):
    """Runs a command under `fib record`; its outcome."""
    outcome = gpu_common.run([build / "bin" / "fib", "record", "-o", capture, "--no-summary", "--", *command], timeout)
    require(outcome.result(), f"the command failed under the recorder ({outcome.code}): {outcome.last_words()}")
    return outcome


def kernels_of(build, capture):
    """What `fib ls --json` says about the kernels of a capture, the busiest first."""
    return json.loads(fib(build, "ls", "--json", "--mangled", capture).out)


def busiest(kernels, pattern, most):
    """Mangled names of the kernels that match, the busiest first."""
    names = [kernel["name"] for kernel in kernels if re.search(pattern, kernel["name"])]
    return list(dict.fromkeys(names))[:most]


class Registry:
    """A registry below a directory, and its builds."""

    def __init__(self, build, root):
        self.build, self.root = build, pathlib.Path(root)
        self.root.mkdir(parents=True, exist_ok=True)
        self.root.chmod(0o755)
        self.cache = self.root.parent / (self.root.name + "-cache")

    def env(self):
        return {"FIB_DATASET_PATH": str(self.root), "FIB_CACHE_PATH": str(self.cache)}

    def bind(self, capture, kernel):
        """Bindings and copies of the kernels of this name, or that match it. Warnings that were given."""
        outcome = fib(self.build, "registry", "bind", "--from", capture, "--kernel", kernel, "--registry", self.root,
                      "--incumbent-solution")
        return outcome.err.strip().splitlines()

    def bind_copies(self, capture, names):
        """A binding and a Solution that is a copy of the kernel, for each name. {name: what is wrong, or ""}"""
        found = {}
        for name in names:
            try:
                self.bind(capture, name)
                found[name] = ""
            except Problem as problem:
                found[name] = str(problem)
        return found

    def compile(self, *options):
        """Builds for the GPUs of this machine."""
        return fib(self.build, "registry", "build", self.root, *options, timeout=120, env=self.env())


class Run:
    """A command under the shim: its outcome, its RESULT lines, and the counters."""

    def __init__(self, registry, command, timeout, mode="apply", **env):
        folder = registry.root.parent / f"{registry.root.name}-{mode}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        shim = {"LD_PRELOAD": registry.build / "lib" / "libfibshim.so", "FIBSHIM_MODE": mode,
                "FIBSHIM_REPORT": folder / "report-%p", **registry.env(), **env}
        shim = {key: str(value) for key, value in shim.items()}
        self.outcome = gpu_common.run(command, timeout, shim)
        self.said = [line for line in self.outcome.err.splitlines() if line.startswith("fibshim")]
        require(not self.outcome.timed_out, f"timed out after {timeout:.0f} s under the shim")
        require(self.outcome.result(), f"failed under the shim ({self.outcome.code}): {self.outcome.last_words()}")
        self.results = results_of(self.outcome)
        reports = [json.loads(fib(registry.build, "explain", "--report", path, "--json").out)
                   for path in sorted(folder.iterdir())]
        require(reports, f"no report was written; {' | '.join(self.said)[:300]}")
        # Of all processes the one that launches: compile workers do not.
        self.report = max(reports, key=lambda report: sum(kernel["launches"] for kernel in report["kernels"]))

    def of_candidates(self, counter):
        """A counter over all candidates: eager, in_graphs, failed, shadowed, mismatched."""
        return sum(candidate[counter] for candidate in self.report["candidates"])

    def of_kernel(self, name, counter):
        """Launches (eager) or graph nodes (in_graphs) of this kernel that went to candidates."""
        return sum(candidate[counter] for kernel in self.report["kernels"] if is_name(kernel["kernel"], name)
                   for candidate in kernel["candidates"])

    def reasons(self, names=None):
        """{reason: launches}, of some kernels or of all."""
        sums = {}
        for kernel in self.report["kernels"]:
            if names is None or any(is_name(kernel["kernel"], name) for name in names):
                for reason, count in kernel["reasons"].items():
                    sums[reason] = sums.get(reason, 0) + count
        return dict(sorted(sums.items(), key=lambda item: -item[1]))


def is_name(reported, name):
    """Whether a report's kernel is this one: reports cut long names."""
    return reported == name or (len(reported) >= CUT and name.startswith(reported))


def results_of(outcome):
    """The values of every RESULT line."""
    lines = re.findall(r"^RESULT (.*)$", outcome.out, re.M)
    return [dict(word.partition("=")[::2] for word in line.split()) for line in lines]


def plain(command, timeout):
    """The same without the shim: RESULT lines; None if the command skips itself."""
    outcome = gpu_common.run(command, timeout)
    if re.search(r"^SKIP", outcome.out, re.M):
        return None
    require(outcome.result() and outcome.code == 0,
            f"fails without the shim ({'timed out' if outcome.timed_out else outcome.code}): {outcome.last_words()}")
    return results_of(outcome)


def checksums(results):
    return [result["checksum"] for result in results]
