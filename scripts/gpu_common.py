# SPDX-License-Identifier: Apache-2.0
"""What the gpu_* scripts share: running commands, facts about the machine, tables, result files."""

import dataclasses
import datetime
import importlib.metadata
import json
import os
import pathlib
import platform
import re
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
RESULTS = ROOT / "docs" / "results"
SKIPPED = 77  # what ctest takes for "skipped"


@dataclasses.dataclass
class Outcome:
    """What became of a command."""

    code: int  # negative: ended by that signal
    out: str
    err: str
    seconds: float
    timed_out: bool = False

    def last_words(self):
        """The end of what it said, for a message."""
        return " | ".join((self.err.strip() or self.out.strip()).splitlines()[-4:])[-400:]

    def result(self):
        """The values of its last RESULT line, as texts; empty without one."""
        lines = re.findall(r"^RESULT (.*)$", self.out + "\n" + self.err, re.M)
        return dict(word.partition("=")[::2] for word in lines[-1].split()) if lines else {}


def run(command, timeout, env=None, cwd=None):
    """Runs `command`; at the time-out it and all its descendants in its process group are killed."""
    start = time.monotonic()
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, errors="replace", cwd=cwd,
                               stdin=subprocess.DEVNULL, start_new_session=True,
                               env={**os.environ, **(env or {})})
    timed_out = False
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        timed_out = True
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
    return Outcome(process.returncode, out, err, time.monotonic() - start, timed_out)


def output_of(*command):
    """Standard output of a short command, or an empty string."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ""


def gpu_present():
    """Whether nvidia-smi lists a GPU."""
    return "GPU 0" in output_of("nvidia-smi", "-L")


def exit_without_gpu():
    """Ends the script as skipped where there is no GPU."""
    if not gpu_present():
        print("no GPU here: nvidia-smi -L lists none")
        sys.exit(SKIPPED)


def package_versions(*names):
    """Installed versions of Python packages, without importing them."""
    versions = {}
    for name in names:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def processor():
    """The processor's name."""
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.machine()
    names = re.findall(r"^model name\s*:\s*(.*)$", text, re.M)
    return names[0] if names else platform.machine()


def machine():
    """Facts that a result depends on."""
    query = output_of("nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader")
    gpus = [line.split(", ") for line in query.splitlines() if ", " in line]
    release = re.search(r"release ([\d.]+)", output_of("nvcc", "--version"))
    system = re.search(r'^PRETTY_NAME="?([^"\n]*)', output_of("cat", "/etc/os-release"), re.M)
    return {
        "gpu": ", ".join(f"{sum(g[0] == name for g in gpus)} x {name}" for name in
                         sorted({g[0] for g in gpus})) or "none",
        "driver": gpus[0][1] if gpus else "none",
        "cuda_toolkit": release.group(1) if release else "none",
        "cpu": f"{processor()}, {os.cpu_count()} cores",
        "system": f"{system.group(1) if system else platform.system()}, Linux {platform.release()}, "
                  f"glibc {platform.libc_ver()[1]}",
        "python": platform.python_version(),
        **package_versions("torch", "triton", "transformers", "cupy-cuda13x"),
    }


def now():
    """Date and time, UTC, to the minute."""
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def command_line():
    """How this script was called, from the repository's root."""
    script = pathlib.Path(sys.argv[0]).resolve()
    name = script.relative_to(ROOT) if script.is_relative_to(ROOT) else script.name
    return " ".join([str(name), *sys.argv[1:]])


def text_table(headers, rows):
    """A table for the terminal; the first column is text, numbers stand right."""
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [headers, *rows]) for i in range(len(headers))]
    lines = ["  ".join(cell.ljust(width) if i == 0 or not cell[:1].isdigit() and cell[:1] not in "+-"
                       else cell.rjust(width)
                       for i, (cell, width) in enumerate(zip(row, widths))).rstrip()
             for row in [headers, ["-" * width for width in widths], *rows]]
    return "\n".join(lines)


def markdown_table(headers, rows):
    """The same for a page."""
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |"
                     for line in lines)


def markdown_facts(facts):
    """A list of facts about the machine."""
    return "\n".join(f"- {key.replace('_', ' ')}: {value}" for key, value in facts.items())


def write_results(name, page, data):
    """Writes docs/results/NAME.md and .json."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{name}.md").write_text(page, encoding="utf-8")
    (RESULTS / f"{name}.json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def read_results(name):
    """What docs/results/NAME.json holds; empty without one."""
    try:
        return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
