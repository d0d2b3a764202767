#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when one of our headers does not compile alone, under the warnings that everything has.

A header that its own .cpp includes before anything else was compiled alone when that .cpp was, so only the others are
compiled here.

Usage: check_headers.py CXX [COMPILER FLAGS...]     e.g. check_headers.py g++ -isystem /opt/cuda/include
"""

import concurrent.futures
import os
import re
import subprocess
import sys

import sources

FLAGS = ["-std=c++20", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror", "-fsyntax-only",
         f"-I{sources.ROOT}", "-x", "c++", "-"]


def comes_first(path, root=sources.ROOT):
    """Whether the .cpp beside header `path` starts with it."""
    source = path.with_suffix(".cpp")
    if not (root / source).exists():
        return False
    first = re.search(r'^\s*#\s*include\s*(\S+)', sources.without_comments(sources.read(source, root)), re.M)
    return first is not None and first.group(1) == f'"{path}"'


def compile_alone(compiler, path):
    """The compiler's complaint about `path`, or None."""
    # Twice: the guard must work too (that the others have one is check_size.py's).
    text = f'#include "{path}"\n#include "{path}"\n'
    done = subprocess.run(compiler + FLAGS, input=text, text=True, capture_output=True)
    return None if done.returncode == 0 else f"{path}: does not compile alone\n{done.stderr}"


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    paths = [p for p in sources.find({".h"}) if p.parts[0] != "tests"]
    alone = [p for p in paths if not comes_first(p)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = pool.map(lambda path: compile_alone(sys.argv[1:], path), alone)
        sources.finish("check_headers", [p for p in problems if p],
                       f"{len(paths)} headers, {len(alone)} of which no source begins with")


if __name__ == "__main__":
    main()
