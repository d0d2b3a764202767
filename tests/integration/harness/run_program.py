# SPDX-License-Identifier: Apache-2.0
"""Runs one integration program in one mode; see fib_integration() in integration.cmake.

direct    without the shim
off       under the shim with FIBSHIM_MODE=off: same output, no file anywhere
recorded  under the shim: same output, and a capture that agrees with the driver's own count
          and with what the program noted about itself
replayed  under the shim with a window over all of it: same output, and a replay of the window finds
          every launch that the driver counted, and every one as recorded
extracted the same, and single launches taken out of the window replay by themselves
applied   under FIBSHIM_MODE=apply with a candidate for every kernel (registry_maker.py): same output,
          and the candidates ran in place of the kernels
shadowed  under FIBSHIM_MODE=shadow with the same registry: the originals ran, every comparison was equal
"""

import argparse
import pathlib
import re

import applied
import expectations
import registry_maker
import replay
from fibtest import Case, processes_in, require, require_clean


MODES = ["direct", "off", "recorded", "replayed", "extracted", "applied", "shadowed"]


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--name", required=True)
    parser.add_argument("--build", required=True)
    parser.add_argument("--mode", required=True, choices=MODES)
    parser.add_argument("--sanitizer-runtime", default="")
    parser.add_argument("--expect", action="append", default=[],
                        help="exit=N, success=0 (no EXIT-SUCCESS), processes=N, launches=N (eager ones, at "
                             "least), kernel=NAME:N, deviation=CODE:N (all of them), stderr=REGEX (one line "
                             "of fibshim each), drops=1 (allowed), params=0 (their bytes are not "
                             "known), audit=0 (the driver cannot count); of replays: replay.VERDICT=N "
                             "(launches that are not exact), replay.exit=N, replay.part=1 (the window is not "
                             "all of the program), replay.deviation=TEXT, "
                             "replay.recorded=CODE:N (deviations of the recording with a window), "
                             "replay.window=SPEC (what to record of it); of redirects: "
                             "applied.left=NAME:N (executions of an original that is not redirected; any), "
                             "applied.none=1 (nothing is), applied.varies=1 (the program launches as often as "
                             "time allows), applied.eager=N, applied.in_graphs=N (at least so many "
                             "counted), applied.uncounted=1 (the driver does not count), applied.busy=1 (shadow: "
                             "not all need be compared), applied.report=0 (there is none)")
    parser.add_argument("--env", action="append", default=[])
    parser.add_argument("command", nargs="+")
    return parser.parse_args()


class Expectations:
    def __init__(self, words):
        self.values = {}
        self.lists = {"stderr": [], "kernel": [], "deviation": [], "replay.deviation": [],
                      "replay.recorded": [], "replay.window": [], "applied.left": []}
        for word in words:
            key, _, value = word.partition("=")
            if key in self.lists:
                self.lists[key].append(value)
            else:
                self.values[key] = int(value)

    def get(self, key, default):
        return self.values.get(key, default)

    def verdicts(self):
        """Launches of a replay that are expected not to be exact: {verdict: how many}."""
        return {key.removeprefix("replay."): value for key, value in self.values.items()
                if key.startswith("replay.") and key not in ("replay.exit", "replay.part")}


def check_result(result, expect, shimmed):
    wanted = expect.lists["stderr"] if shimmed else []
    require_clean(result, exit_code=expect.get("exit", 0), shim_lines=len(wanted),
                  success_line=expect.get("success", 1) == 1)
    for pattern in wanted:
        require(any(re.search(pattern, line) for line in result.shim_lines),
                f"no line of fibshim on stderr matches {pattern!r}:\n{result.err}")


def check_files(case, before):
    """A program leaves nothing in its working directory, /tmp or /dev/shm, whatever the mode."""
    left = litter() - before
    require(not left, f"left behind: {sorted(left)}")
    require(not list(case.path("cwd").iterdir()), f"left behind in the working directory: "
            f"{[p.name for p in case.path('cwd').iterdir()]}")


def litter():
    """What the shim may have left. Locks and references are the tool's, whose tests may run beside this one."""
    found = set()
    for folder in ("/tmp", "/dev/shm"):
        if pathlib.Path(folder).is_dir():
            found |= {p.name for p in pathlib.Path(folder).iterdir()
                      if "fibshim" in p.name and not re.match("fibshim-(gpu|reference)-", p.name)}
    return found


def check_process(process, expect):
    require(process["status"] == "Complete" and not process["partial"],
            f"{process['dir']}: {process['status']}: {process['message']}")
    require(process["drops"] == 0 or expect.get("drops", 0),
            f"{process['dir']}: {process['drops']} records dropped")
    require(not process["missing_images"], f"images missing: {process['missing_images']}")
    require(process["unknown_records"] == 0, "unknown records")


def check_kernels(processes, expect):
    eager = {}
    for process in processes:
        for name, count in process["executed"].items():
            eager[name] = eager.get(name, 0) + count
    dropped = sum(process["dropped_launches"] for process in processes)
    require(sum(eager.values()) + dropped >= expect.get("launches", 1),
            f"launches in the capture: {eager}, dropped: {dropped}")
    for item in expect.lists["kernel"]:
        name, _, count = item.partition(":")
        require(eager.get(name, 0) == int(count), f"{name}: {eager.get(name, 0)} launches, not {count}")


def check_deviations(processes, expect, words=None):
    found = {}
    for process in processes:
        for code, count in process["deviations"].items():
            found[code] = found.get(code, 0) + count
    wanted = dict(item.split(":") for item in (expect.lists["deviation"] if words is None else words))
    require({k: str(v) for k, v in found.items()} == wanted, f"deviations {found}, expected {wanted}")


def check_capture(case, capture, count_file, notes, expect):
    directories = processes_in(capture)
    wanted = expect.get("processes", 1)
    require(len(directories) == wanted,
            f"{[d.name for d in directories]}: {wanted} process(es) expected in the capture")
    if wanted == 0:
        return
    processes = case.captures(capture, launches=any("\nlaunch " in p.read_text() for p in notes.iterdir()))
    for process in processes:
        check_process(process, expect)
    check_kernels(processes, expect)
    check_deviations(processes, expect)
    expectations.compare(notes, processes, params=expect.get("params", 1) == 1)
    if expect.get("audit", 1):
        audit = case.tool("audit", "--against", count_file, capture)
        require(audit.returncode == 0, f"fib audit found a difference:\n{audit.out}{audit.err}")
    info = case.tool("info", capture)
    require(info.returncode == 0, f"fib info: exit code {info.returncode}\n{info.out}{info.err}")


def window(case, options, extra, expect, direct):
    """Records with a window and replays it."""
    count_file = case.dir / "count"
    spec = (expect.lists["replay.window"] or [replay.WHOLE])[0]
    result = replay.record(case, options.command, spec, count_file=count_file, **extra)
    check_result(result, expect, shimmed=True)
    require(result.out == direct.out, f"stdout differs:\n--- direct\n{direct.out}\n--- shim\n{result.out}")
    processes = case.captures(case.dir / "capture")
    for process in processes:
        check_process(process, expect)
    check_deviations(processes, expect, [*expect.lists["deviation"], *expect.lists["replay.recorded"]])
    if options.mode == "replayed":
        replay.check_replay(case, expect, count_file)
    else:
        replay.check_extract(case, expect)


def redirected(case, options, extra, expect, before):
    """Modes applied and shadowed."""
    registry = registry_maker.everything(case, named=options.mode == "shadowed")
    direct = applied.Run(case, options.command, extra, "direct")
    check_result(direct.result, expect, shimmed=False)
    mode = "apply" if options.mode == "applied" else "shadow"
    run = applied.Run(case, options.command, {**extra, **registry.env()}, mode, mode)
    if expect.get("applied.busy", 0):  # more launches than there is scratch memory to compare them in
        run.result.drop_lines("all scratch memory waits")
    check_result(run.result, expect, shimmed=True)
    require(run.result.out == direct.result.out,
            f"stdout differs:\n--- direct\n{direct.result.out}\n--- shim\n{run.result.out}")
    check_files(case, before)
    if mode == "apply":
        applied.check_applied(direct, run, expect)
    else:
        applied.check_shadowed(direct, run, expect)


def body(case, options):
    extra = dict(item.split("=", 1) for item in options.env)
    expect = Expectations(options.expect)
    before = litter()
    if options.mode in ("applied", "shadowed"):
        return redirected(case, options, extra, expect, before)
    direct = case.run(options.command, case.env(**extra))
    check_result(direct, expect, shimmed=False)
    if options.mode == "direct":
        return
    capture, notes = case.dir / "capture", case.path("notes")
    count_file = case.dir / "count"
    if options.mode == "recorded":
        extra |= {"FIBSIM_COUNT_FILE": count_file, "FIBTEST_NOTES": notes}
    if options.mode in ("replayed", "extracted"):
        return window(case, options, extra, expect, direct)
    env = case.shim_env("record" if options.mode == "recorded" else "off", capture, **extra)
    result = case.run(options.command, env)
    check_result(result, expect, shimmed=options.mode == "recorded")
    require(result.out == direct.out, f"stdout differs:\n--- direct\n{direct.out}\n--- shim\n{result.out}")
    check_files(case, before)
    if options.mode == "off":
        require(not capture.exists(), "FIBSHIM_MODE=off left a capture directory")
    else:
        check_capture(case, capture, count_file, notes, expect)


if __name__ == "__main__":
    arguments = parse()
    Case(f"{arguments.name}.{arguments.mode}", arguments.build, arguments.sanitizer_runtime).main(
        lambda case: body(case, arguments))
