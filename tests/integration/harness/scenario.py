# SPDX-License-Identifier: Apache-2.0
"""Entry point of the scripts in scenarios/: each case is a function that takes a fibtest.Case."""

import argparse
import pathlib
import sys

from fibtest import Case, Failure, Skipped, processes_in, require, require_clean

__all__ = ["Case", "Failure", "Skipped", "processes_in", "require", "require_clean", "main", "case",
           "recorded", "one_process"]

CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def recorded(test, command, mode="record", preload=None, cwd=None, capture=None, **env):
    """Runs a program without the shim and under it; same exit code and stdout. The shimmed result."""
    direct = test.run(command, test.env(**env), cwd=cwd)
    capture = capture or test.dir / "capture"
    result = test.run(command, test.shim_env(mode, capture, **(preload or {}), **env), cwd=cwd)
    require(direct.returncode == result.returncode,
            f"exit code {result.returncode}, without the shim {direct.returncode}\n{result.err}")
    require(direct.out == result.out, f"stdout differs:\n{direct.out}\n--- shim\n{result.out}")
    return result


def one_process(test, capture=None, launches=False):
    """The only process of a capture, as capture_stats tells it."""
    processes = test.captures(capture or test.dir / "capture", launches)
    require(len(processes) == 1, f"{len(processes)} processes in the capture")
    return processes[0]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--sanitizer-runtime", default="")
    parser.add_argument("case", choices=sorted(CASES))
    options = parser.parse_args()
    name = f"{pathlib.Path(sys.argv[0]).stem}.{options.case}"
    Case(name, options.build, options.sanitizer_runtime).main(CASES[options.case])
