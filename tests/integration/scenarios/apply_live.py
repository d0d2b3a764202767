# SPDX-License-Identifier: Apache-2.0
"""Redirected launches of a running process: reload, demote, the kill switch, and registries that change."""

import contextlib
import os
import pathlib
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from applied import Report
from redirects import BINDING, SOLUTION, blend
from registry_maker import BLEND, Registry, blend_fast
from replay import executed
from scenario import case, main, require

FOREVER = 100000


class Live:
    """A program that is running; what it printed on stderr is read as it comes."""

    def __init__(self, test, command, env):
        self.test, self.lines = test, []
        self.count_file, self.report_file = test.dir / "count", test.dir / "report"
        env = test.shim_env("apply", None, FIBSIM_COUNT_FILE=self.count_file, FIBSHIM_REPORT=self.report_file, **env)
        command = [str(word) for word in command]
        test.last_command = test.describe(command, env, test.path("cwd"))
        self.process = subprocess.Popen(command, env=env, cwd=test.path("cwd"), text=True, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))

    @property
    def step(self):
        """The last step that it announced."""
        numbers = [line for line in self.lines if line.isdigit()]
        return int(numbers[-1]) if numbers else -1

    def wait_steps(self, more=5):
        """Until it has done so many steps more."""
        wanted, deadline = self.step + more, time.monotonic() + 30
        while self.step < wanted:
            require(self.process.poll() is None, f"the program ended early: {self.lines[-5:]}")
            require(time.monotonic() < deadline, f"no further than step {self.step}")
            time.sleep(0.002)

    @property
    def shim_lines(self):
        return [line for line in self.lines if line.startswith("fibshim")]

    def counts(self):
        return executed(self.count_file)

    def grows(self, kernel, and_not=None):
        """From now on `kernel` runs, and the other one does not."""
        self.wait_steps()
        before = self.counts()
        self.wait_steps(10)
        after = self.counts()
        require(after.get(kernel, 0) > before.get(kernel, 0), f"{kernel} does not run: {before} {after}")
        require(and_not is None or after.get(and_not, 0) == before.get(and_not, 0),
                f"{and_not} still runs: {before} {after}")

    def ctl(self, *words, code=0, says=""):
        result = self.test.tool("ctl", str(self.process.pid), *words)
        require(result.returncode == code, f"fib ctl {words}: {result.returncode}\n{result.out}{result.err}\n"
                f"{self.lines[-5:]}")
        require(says in result.out + result.err, f"{says!r} is not said:\n{result.out}{result.err}")
        return result

    def end(self):
        """Waits for the end, which must be a good one; the report."""
        out = self.process.stdout.read()
        self.process.wait(timeout=120)
        self.reader.join()
        said = "\n".join(self.lines[-20:])
        require(self.process.returncode == 0 and "EXIT-SUCCESS" in out, f"{self.process.returncode}\n{out}{said}")
        require("Sanitizer" not in said, said)
        return Report(self.test, self.report_file)


@contextlib.contextmanager
def running(test, registry, form="eager", steps=FOREVER, program="redirect", words=None, env=None):
    words = [form, "slow", steps] if words is None else words
    live = Live(test, [test.program(program), *words], {**registry.env(), **(env or {})})
    try:
        live.wait_steps(1)
        yield live
    finally:
        live.process.kill()
        live.process.wait()
        live.reader.join()


FORMS = ("eager", "captured", "explicit")


@case
def demote(test):
    """At each form's next launch the original is back, and stays across a reload."""
    registry = blend(test)
    for form in FORMS:
        with running(test, registry, form) as live:
            live.grows("blend_candidate", and_not="blend")
            live.ctl("demote", "blend_candidate")
            live.grows("blend", and_not="blend_candidate")
            live.ctl("reload")
            live.grows("blend", and_not="blend_candidate")
            live.ctl("demote", "no_such_candidate", code=1, says="no_such_candidate")


@case
def off_and_on(test):
    registry = blend(test)
    for form in FORMS:
        with running(test, registry, form) as live:
            live.grows("blend_candidate", and_not="blend")
            live.ctl("off")
            live.grows("blend", and_not="blend_candidate")
            live.ctl("status", says="off")
            live.ctl("on")
            live.grows("blend_candidate", and_not="blend")


@case
def reload_new_candidate(test):
    """A registry with another, then with no candidate."""
    registry = blend(test)
    for form in FORMS:
        registry.pin("blend", "blend_candidate")
        with running(test, registry, form) as live:
            live.grows("blend_candidate", and_not="blend")
            registry.solve(BLEND, "blend_better", blend_fast())
            registry.build()
            registry.pin("blend", "blend_better")
            live.ctl("reload")
            live.grows("blend_fast", and_not="blend_candidate")
            registry.policy("blend", enabled=False)
            live.ctl("reload")
            live.grows("blend", and_not="blend_fast")
            registry.policy("blend", enabled=True)


@case
def reload_first_candidate(test):
    """A registry that is empty when the process starts."""
    registry = Registry(test)
    registry.define(BLEND)
    registry.bind(BLEND)
    with running(test, registry) as live:
        live.grows("blend")
        registry.solve(BLEND)
        registry.pin("blend", BLEND.candidate)
        registry.build()
        live.ctl("reload")
        live.grows("blend_candidate", and_not="blend")


@case
def registry_removed(test):
    """What was loaded stays; a reload says what is wrong and changes nothing."""
    registry = blend(test)
    with running(test, registry) as live:
        live.grows("blend_candidate", and_not="blend")
        registry.remove()
        live.grows("blend_candidate", and_not="blend")
        live.ctl("reload", code=1)
        live.grows("blend_candidate", and_not="blend")
        require(any(str(registry.root) in line for line in live.shim_lines), f"{live.shim_lines}")


@case
def cache_removed(test):
    """The code is gone with the next reload: the original runs."""
    registry = blend(test)
    with running(test, registry) as live:
        live.grows("blend_candidate", and_not="blend")
        for path in registry.cache.rglob("*"):
            if path.is_file():
                path.unlink()
        live.ctl("reload")
        live.grows("blend", and_not="blend_candidate")
        require(any("blend_candidate" in line for line in live.shim_lines), f"{live.shim_lines}")


@case
def became_writable(test):
    """A registry that others may write by now: what is in use stays, and nothing new comes in."""
    registry = blend(test)
    with running(test, registry) as live:
        live.grows("blend_candidate", and_not="blend")
        (registry.root / SOLUTION).chmod(0o666)
        live.ctl("reload", code=1, says=pathlib.Path(SOLUTION).name)
        live.grows("blend_candidate", and_not="blend")


def swapping(test, registry, stop):
    """Replaces binding and policy again and again, not atomically, with good and broken contents."""
    good = (registry.root / BINDING).read_text()
    while not stop.is_set():
        for text in ("{ nonsense", good[:len(good) // 2], "", good):
            with open(registry.root / BINDING, "w") as out:
                out.write(text[:10])
                out.flush()
                os.sched_yield()
                out.write(text[10:])
            registry.pin("blend", "blend_candidate")


@case
def replaced_in_mid_load(test):
    """Files change while they are read: each reload takes a whole registry or none, and nothing breaks."""
    registry = blend(test)
    stop = threading.Event()
    with running(test, registry) as live:
        writer = threading.Thread(target=swapping, args=(test, registry, stop))
        writer.start()
        try:
            for _ in range(12):
                result = test.tool("ctl", str(live.process.pid), "reload")
                require(result.returncode in (0, 1), f"{result.returncode} {result.err}")
        finally:
            stop.set()
            writer.join()
        live.ctl("reload")
        live.grows("blend_candidate", and_not="blend")


@case
def threads_and_reloads(test):
    """16 threads launch eagerly, captured and in graphs, while the registry is reloaded between two
    candidates, candidates are demoted, and redirection is switched off and on. Every step checks itself."""
    registry = blend(test)
    registry.solve(BLEND, "blend_better", blend_fast())
    registry.build()
    steps = 400 if test.sanitizer_runtime else 2500
    with running(test, registry, program="redirect_threads", words=[steps]) as live:
        reloads = 0
        while live.process.poll() is None:
            registry.pin("blend", ("blend_better", "blend_candidate")[reloads % 2])
            words = (["reload"], ["reload"], ["off"], ["on"])[reloads % 4]
            test.tool("ctl", str(live.process.pid), *words)
            reloads += 1
        report = live.end()
        counts = live.counts()
        require(reloads >= 4, f"only {reloads} reloads: the test proves nothing")
        require(counts.get("blend_candidate", 0) > 0 and counts.get("blend_fast", 0) > 0, f"{counts}")
        require(sum(counts.values()) == 16 * steps, f"{sum(counts.values())} executions, not {16 * steps}\n{counts}")
        require(report.of_candidate("failed") == 0, f"{report}")


@case
def explain_live(test):
    """`fib explain --live` tells the same as the report, while the process runs."""
    with running(test, blend(test)) as live:
        live.wait_steps(20)
        result = test.tool("explain", "--live", str(live.process.pid))
        require(result.returncode == 0, result.err)
        require("blend" in result.out and "Pinned" in result.out, result.out)


if __name__ == "__main__":
    main()
