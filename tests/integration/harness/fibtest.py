# SPDX-License-Identifier: Apache-2.0
"""Runs integration programs with and without the shim and reads what it captured."""

import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile

# Whatever of this the caller's shell holds must not change what a test sees.
FOREIGN = re.compile(
    r"(FIBSHIM_|FIBSIM_|FIBTEST_|LD_|OMPI_|SLURM_|PMI_)|(RANK|LOCAL_RANK|WORLD_SIZE|CUDA_INJECTION64_PATH)$"
)


class Failure(Exception):
    """A test that failed; the text says why."""


class Skipped(Exception):
    """A test that cannot run on this machine; the text says why."""


class Result:
    """What one run of a program left behind."""

    def __init__(self, returncode, out, err, pid):
        self.returncode, self.out, self.err, self.pid = returncode, out, err, pid

    def drop_lines(self, text):
        """Forgets lines of stderr that hold this."""
        self.err = "".join(line for line in self.err.splitlines(keepends=True) if text not in line)

    @property
    def shim_lines(self):
        return [line for line in self.err.splitlines() if line.startswith("fibshim")]


class Case:
    """One test: its directory, the environment of its programs, and the command to repeat a failure."""

    def __init__(self, name, build, sanitizer_runtime=""):
        self.name = name
        self.build = pathlib.Path(build).resolve()
        self.sanitizer_runtime = sanitizer_runtime
        self.shim = self.build / "lib" / "libfibshim.so"
        self.fib = self.build / "bin" / "fib"
        root = self.build / "tests" / "tmp"
        root.mkdir(parents=True, exist_ok=True)
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix=name + "-", dir=root))
        self.last_command = ""

    def path(self, *parts):
        path = self.dir.joinpath(*parts)
        path.mkdir(parents=True, exist_ok=True)
        return path

    def program(self, name):
        return self.build / "tests" / "integration" / "bin" / name

    def library(self, name):
        return self.build / "tests" / "integration" / "lib" / name

    def env(self, **extra):
        """Environment of a program that runs without the shim."""
        env = {k: v for k, v in os.environ.items() if not FOREIGN.match(k)}
        env["LD_LIBRARY_PATH"] = f"{self.build / 'sim'}:{self.build / 'tests/integration/lib'}"
        env["FIBTEST_IMAGES"] = str(self.build / "sim")
        if self.sanitizer_runtime:  # as under the shim, so that the order of libraries is the same
            env["LD_PRELOAD"] = self.sanitizer_runtime
        env.setdefault("ASAN_OPTIONS", "detect_leaks=0")
        env.setdefault("TSAN_OPTIONS", "exitcode=66")
        env.update({k: str(v) for k, v in extra.items()})
        return env

    def shim_env(self, mode, capture=None, before=(), after=(), **extra):
        """The same under the shim; `before` and `after` are further preloads."""
        preload = [*before, str(self.shim), *after]
        if self.sanitizer_runtime:
            preload.insert(0, self.sanitizer_runtime)  # its interceptors must come first
        env = self.env(**extra)
        env["LD_PRELOAD"] = ":".join(str(p) for p in preload)
        if mode is not None:
            env["FIBSHIM_MODE"] = mode
        if capture is not None:
            env["FIBSHIM_CAPTURE_DIR"] = str(capture)
        return env

    def run(self, command, env, timeout=120, cwd=None, **popen):
        command = [str(part) for part in command]
        cwd = cwd or self.path("cwd")
        self.last_command = self.describe(command, env, cwd)
        process = subprocess.Popen(
            command, env=env, cwd=cwd, text=True, errors="replace",
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
            start_new_session=True, **popen)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            raise Failure(f"did not end within {timeout} s\n{out}\n{err}") from None
        return Result(process.returncode, out, err, process.pid)

    @staticmethod
    def describe(command, env, cwd):
        words = [f"{k}={shlex.quote(v)}" for k, v in sorted(env.items()) if os.environ.get(k) != v]
        return f"cd {shlex.quote(str(cwd))} && env {' '.join(words)} {shlex.join(command)}"

    def tool(self, *arguments, timeout=60):
        """Runs the fib tool, without the shim."""
        env = self.env()
        return self.run([self.fib, *arguments], env, timeout=timeout, cwd=self.dir)

    def captures(self, capture, launches=False):
        """What lies in a capture directory, by our reader library: one dictionary per process."""
        require(pathlib.Path(capture).is_dir(), f"no capture was made: {capture}")
        stats = self.program("capture_stats")
        command = [stats, *(["--launches"] if launches else []), capture]
        saved = self.last_command
        result = self.run(command, self.env(), cwd=self.dir)
        self.last_command = saved
        require(result.returncode == 0, f"capture_stats failed: {result.err}{result.out}")
        return json.loads(result.out)["processes"]

    def main(self, body):
        """Runs body(self); keeps the directory and says how to repeat it if that fails."""
        try:
            body(self)
        except Failure as failure:
            print(f"FAILED {self.name}: {failure}")
            print(f"kept: {self.dir}\nlast command: {self.last_command}")
            sys.exit(1)
        except Skipped as reason:
            print(f"SKIPPED: {reason}")
            shutil.rmtree(self.dir)
            sys.exit(77)
        shutil.rmtree(self.dir)


def require(condition, text):
    if not condition:
        raise Failure(text)


def require_clean(result, exit_code=0, shim_lines=0, success_line=True):
    """Exit code, the last line, and the shim's silence."""
    report = f"\n--- stdout\n{result.out[-4000:]}\n--- stderr\n{result.err[-4000:]}"
    require(result.returncode == exit_code, f"exit code {result.returncode}, not {exit_code}{report}")
    if success_line:
        lines = result.out.splitlines()
        require(lines and lines[-1] == "EXIT-SUCCESS", f"EXIT-SUCCESS is not the last line{report}")
    require(len(result.shim_lines) == shim_lines,
            f"{len(result.shim_lines)} lines of fibshim on stderr, not {shim_lines}{report}")
    require("Sanitizer" not in result.err, f"a sanitizer spoke{report}")


def processes_in(capture):
    """The process directories of a capture, empty if it was never made."""
    capture = pathlib.Path(capture)
    if not capture.is_dir():
        return []
    return sorted(p for p in capture.iterdir() if p.name not in ("images", "pages"))
