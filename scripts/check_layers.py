#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when a file includes something that its folder may not know.

The arrows between the folders are in README.md of each folder; this table is what counts. The
longest prefix of a path decides. Usage: check_layers.py [ROOT]
"""

import pathlib
import re
import sys

import sources

# Folder (or file) -> folders of ours that it may include. Its own folder is always allowed.
OURS = {
    "driver": set(),
    "trace": set(),
    "audit": {"driver"},
    "pages": {"trace", "driver"},
    "registry/match": set(),
    "registry/code": {"trace", "recorder/fatbin.h"},
    "registry/draft": {"registry", "registry/match"},
    "recorder": {"trace", "driver", "pages"},
    "registry": {"registry/match"},
    "registry/build": {"registry", "registry/match", "recorder/fatbin.h"},
    "dispatch": {"driver", "trace", "recorder", "registry/match", "registry/code", "dispatch/source",
                 "dispatch/shadow"},
    "dispatch/source": {"dispatch", "registry", "registry/match", "registry/build",
                        "recorder/rt_log.h"},
    "dispatch/shadow": {"dispatch", "driver", "recorder", "registry/match"},
    # The records of mismatches are those of a registry.
    **{"dispatch/shadow/mismatch_" + name: {"dispatch", "dispatch/shadow", "registry", "trace",
                                            "dispatch/shadow/mismatch_json.h"}
       for name in ("json.h", "json.cpp", "files.cpp")},
    "shim": {"dispatch", "recorder", "driver", "registry/match"},
    "shim/config.cpp": {"shim", "dispatch", "recorder", "driver", "registry", "registry/match"},
    "launches": {"trace", "registry/code", "registry/match"},
    "replayer": {"trace", "driver", "pages", "registry", "registry/match"},
    "judge": {"launches", "trace", "driver", "pages", "replayer", "registry", "registry/build", "registry/code", "registry/match",
              "dispatch", "dispatch/source"},
    # Pure: they know nothing of GPUs, captures or processes.
    "judge/compare": {"registry"},
    "judge/statistics": set(),
    "judge/workload": {"judge/compare", "registry", "registry/build"},
    "judge/rank": {"judge", "judge/statistics", "registry", "registry/match"},
    "judge/report": {"judge", "judge/rank", "judge/statistics", "registry", "registry/match"},
    **{"judge/" + part: {"judge", "judge/cases", "judge/compare", "judge/statistics", "judge/trial", "judge/workload",
                         "launches", "trace", "driver",
                         "pages", "replayer", "registry", "registry/build", "registry/code", "registry/draft",
                         "registry/match", "dispatch", "dispatch/source"} for part in ("cases", "trial", "run")},
    "cli": {"judge", "judge/cases", "judge/run", "judge/rank", "judge/report", "judge/trial", "judge/statistics",
            "judge/compare", "launches", "replayer", "registry", "registry/build", "trace",
            "registry/code", "registry/draft", "registry/match"},
    "tests": {"*"},
    "tests/sim_driver": {"driver/driver_api.def", "driver/cuda_abi.h",
                         "dispatch/kernels/compare_core.h"},
}

# Includes that only these folders (or files) may use: (what, pattern, who).
THIRD_PARTY = [
    ("nlohmann/json", r"nlohmann/",
     ("cli", "judge", "registry", "!registry/match", "replayer/report", "shim/config.cpp", "tests")),
    ("spdlog", r"spdlog/", ("cli", "replayer", "judge/run")),
    ("CLI11", r"CLI/", ("cli",)),
    ("CUPTI", r"cupti\w*\.h|generated_cuda\w*_meta\.h", ("audit", "driver/cupti_api.h", "replayer", "judge/trial", "tests")),
    ("CUDA headers (use driver/cuda_abi.h)", r"cuda\w*\.h",
     ("driver/cuda_abi.h", "audit", "replayer", "tests")),
    ("driver/cuda_abi.h", r"driver/cuda_abi\.h",
     ("driver", "pages", "recorder", "dispatch", "!dispatch/source", "shim", "replayer", "judge", "audit",
      "tests")),
    ("GoogleTest and benchmark", r"g(test|mock)/|benchmark/", ("tests",)),
    ("<iostream>", r"iostream", ("cli", "judge", "registry", "replayer", "audit", "tests")),
    ("file streams", r"fstream", ("cli", "judge", "registry", "replayer", "audit", "tests", "shim/config.cpp")),
]

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


def inside(path, prefix):
    return path == prefix or path.startswith(prefix + "/")


def longest(path, prefixes):
    return max((p for p in prefixes if inside(path, p)), key=len, default=None)


def may_use(path, who):
    """True when the longest entry of `who` that holds `path` is not one with a '!'."""
    entry = longest(path, [w.lstrip("!") for w in who])
    return entry is not None and "!" + entry not in who


def includes(text):
    """(line, quoted?, name) of each #include outside comments."""
    text = sources.without_comments(text)
    for match in INCLUDE.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match.group(1) == '"', match.group(2)


def is_local(root, path, name):
    """Programs under test are small worlds of their own, with tables that the build generates."""
    generated = name.endswith(".inc") and "/" not in name
    return generated or any((root / folder / name).is_file()
                            for folder in pathlib.PurePosixPath(path).parents)


def check_ours(root, path, name, allowed):
    home = longest(path, OURS)
    if home == "tests" and is_local(root, path, name):
        return None
    if not (root / name).is_file():
        return f'includes "{name}", which is no file: write includes from the repository root'
    if "*" in allowed or inside(name, home) and longest(name, OURS) == home:
        return None
    if any(name == a or longest(name, OURS) == a for a in allowed):
        return None
    return f"includes {name}; {home} may include {', '.join(sorted(allowed)) or 'nothing of ours'}"


def check_file(root, path, text):
    allowed = OURS[longest(path, OURS)]
    for line, quoted, name in includes(text):
        first = name.split("/")[0]
        if quoted or (first in sources.FOLDERS and "/" in name):
            problem = check_ours(root, path, name, allowed)
            if problem:
                yield f"{path}:{line}: {problem}"
        for what, pattern, who in THIRD_PARTY:
            if re.match(pattern, name) and not may_use(path, who):
                yield f"{path}:{line}: includes {name}; {what} belongs only to {', '.join(who)}"


def main():
    root = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else sources.ROOT
    paths = sources.find(sources.CODE | sources.TABLES, root)
    problems = [p for path in paths
                for p in check_file(root, path.as_posix(), sources.read(path, root))]
    sources.finish("check_layers", problems, f"{len(paths)} files")


if __name__ == "__main__":
    main()
