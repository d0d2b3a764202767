#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when clang-format would change a source file; --fix lets it.

Versions of clang-format disagree, so only version 14 judges. Without it the check is skipped (77).
"""

import argparse
import re
import shutil
import subprocess
import sys

import sources

VERSION = 14
SKIPPED = 77


def find_tool():
    """The clang-format of the right version, or None."""
    for name in (f"clang-format-{VERSION}", "clang-format"):
        path = shutil.which(name)
        if path:
            said = subprocess.run([path, "--version"], capture_output=True, text=True).stdout
            if re.search(rf"version {VERSION}\.", said):
                return path
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--fix", action="store_true", help="rewrite the files in place")
    parser.add_argument("file", nargs="*", help="files to look at (default: all of ours)")
    options = parser.parse_args()
    tool = find_tool()
    if not tool:
        print(f"check_format: skipped, no clang-format {VERSION} (scripts/setup --dev installs it)")
        sys.exit(SKIPPED)
    files = options.file or [str(path) for path in sources.find(sources.CODE)]
    mode = ["-i"] if options.fix else ["--dry-run", "-Werror"]
    done = subprocess.run([tool, *mode, *files], cwd=sources.ROOT)
    if done.returncode:
        sys.exit("check_format: scripts/check_format.py --fix puts it right")
    print(f"check_format: {len(files)} files, no problems")


if __name__ == "__main__":
    main()
