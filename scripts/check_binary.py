#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when libfibshim.so would disturb a process that it is preloaded into.

It may need libc and nothing that brings code along, must export exactly the symbols that it
interposes (FIB_HOOK and FIB_CALL rows of driver/driver_api.def, the loader's functions, and those in
shim/exports.txt if there is one), and must load on glibc 2.34. Usage: check_binary.py LIBRARY
"""

import re
import subprocess
import sys

import sources

NEWEST_GLIBC = (2, 34)
INTERPOSED = {"dlsym", "dlopen", "dlmopen", "_exit", "_Exit"}
MAY_NEED = re.compile(r"(libc|libm|libdl|libpthread|librt)\.so\.\d+|ld-linux-[\w-]+\.so\.\d+")


def readelf(library, *options):
    done = subprocess.run(["readelf", "--wide", *options, library], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"check_binary: {done.stderr.strip()}")
    return done.stdout


def expected_exports():
    rows = sources.without_comments(sources.read("driver/driver_api.def"))
    names = set(re.findall(r"^FIB_(?:HOOK|CALL)\((\w+)", rows, re.M)) | INTERPOSED
    extra = sources.ROOT / "shim/exports.txt"
    if extra.is_file():
        names |= set(re.findall(r"^\s*(\w+)", extra.read_text(), re.M))
    return names


def check_needed(library):
    for name in re.findall(r"\(NEEDED\).*\[(.+)\]", readelf(library, "-d")):
        if not MAY_NEED.fullmatch(name):
            yield f"needs {name}: every preloaded process would have to have it"


def check_exports(symbols):
    """`symbols`: rows (binding, visibility, section, name) of .dynsym."""
    defined = {name.split("@")[0] for _, visibility, section, name in symbols
               if section not in ("UND", "ABS") and visibility in ("DEFAULT", "PROTECTED")}
    wanted = expected_exports()
    for name in sorted(wanted - defined):
        yield f"does not export {name}"
    for name in sorted(defined - wanted):
        yield f"exports {name}, which is no interposed symbol"


def check_versions(symbols):
    for _, _, section, name in symbols:
        if section != "UND" or "@" not in name:
            continue
        version = name.split("@")[-1]
        if version.startswith("GLIBC_PRIVATE"):
            yield f"uses {name}"
        number = re.fullmatch(r"GLIBC_(\d+)\.(\d+)(?:\.\d+)?", version)
        if number and tuple(map(int, number.groups())) > NEWEST_GLIBC:
            yield f"uses {name}, newer than glibc {'.'.join(map(str, NEWEST_GLIBC))}"


def dynamic_symbols(library):
    row = re.compile(r"^\s*\d+:\s+\S+\s+\S+\s+\S+\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)", re.M)
    return row.findall(readelf(library, "--dyn-syms"))


def constructors(library):
    """How many functions run when the library is loaded."""
    size = re.search(r"\.init_array\s+INIT_ARRAY\s+\S+\s+\S+\s+([0-9a-f]+)", readelf(library, "-S"))
    return int(size.group(1), 16) // 8 if size else 0


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    library = sys.argv[1]
    symbols = dynamic_symbols(library)
    problems = [*check_needed(library), *check_exports(symbols), *check_versions(symbols)]
    print(f"functions run at load (1 is the compiler's own): {constructors(library)}")
    sources.finish("check_binary", [f"{library}: {p}" for p in problems],
                   f"{len(symbols)} dynamic symbols")


if __name__ == "__main__":
    main()
