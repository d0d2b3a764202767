# SPDX-License-Identifier: Apache-2.0
"""What the checks look at: our own sources, and the text of C++ without comments and literals."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ("driver", "trace", "pages", "recorder", "registry", "dispatch", "shim", "launches", "replayer", "judge", "cli", "audit",
           "tests")
HEADERS = {".h", ".cuh"}
CODE = HEADERS | {".cpp", ".cc", ".c", ".cu"}
TABLES = {".def", ".inc"}


def find(suffixes, root=ROOT):
    """Our files with one of `suffixes`, as paths relative to `root`, sorted."""
    found = []
    for folder in FOLDERS:
        for path in (root / folder).rglob("*"):
            if path.suffix in suffixes and path.is_file():
                found.append(path.relative_to(root))
    return sorted(found)


def read(path, root=ROOT):
    return (root / path).read_text(encoding="utf-8")


_TOKEN = re.compile(
    r'//[^\n]*'
    r'|/\*.*?\*/'
    r'|(?:u8|[uUL])?R"(?P<tag>[^\s()\\"]{0,16})\(.*?\)(?P=tag)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'",
    re.S,
)


def _blank(match):
    text = match.group(0)
    lines = "\n" * text.count("\n")
    return lines if text.startswith("/") else '""' + lines


def without_literals(text):
    """`text` with comments gone and string and character literals empty; line numbers stay."""
    return _TOKEN.sub(_blank, text)


def without_comments(text):
    """`text` with comments gone and literals kept; line numbers stay."""
    return _TOKEN.sub(
        lambda m: "\n" * m.group(0).count("\n") if m.group(0).startswith("/") else m.group(0), text)


def finish(check, problems, looked_at):
    """Prints the verdict and ends the program: 0 when there are no problems, otherwise 1."""
    for problem in problems:
        print(problem)
    if problems:
        print(f"{check}: {len(problems)} problem(s) in {looked_at}")
        sys.exit(1)
    print(f"{check}: {looked_at}, no problems")
    sys.exit(0)
