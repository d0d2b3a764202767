#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares driver/driver_api.def with the installed cuda.h and cudaTypedefs.h.

Fails when an entry point of the groups that matter for a capture has no row, when a row names
something that cuda.h does not declare, when a row stands twice, or when the argument words of a row
do not fit the prototype. Entry points of other groups without a row are only reported.
Usage: check_driver_api.py CXX CUDA_INCLUDE_DIR
"""

import pathlib
import re
import subprocess
import sys

import sources

# Launch, load, graph, memory, stream, event and function groups: a name of these that has no row
# would run kernels, or change what kernels see, behind our back.
GROUPS = re.compile(r"cu(Launch|Graph|Module|Library|Link|Mem|Stream|Func|Kernel|Event|Param|Array|"
                    r"Mipmapped|Multicast|Ipc|UserObject|Ctx|GreenCtx|DevicePrimaryCtx|GetProc)")
WHY = {"query", "snapshot", "linker", "host_only", "tooling", "opaque"}
WORD = re.compile(r"(?:[=$]?[A-Za-z_]\w*|\*[A-Za-z_]\w*(?:\[([A-Za-z_]\w*)\])?)")


class Row:
    def __init__(self, kind, symbol, rest):
        self.kind, self.symbol = kind, symbol
        text = re.findall(r'"([^"]*)"', rest)
        self.words = "".join(text).split() if text else None
        self.why = rest.strip(" ,\n") if kind == "PASS" else None


def read_rows():
    text = sources.without_comments(sources.read("driver/driver_api.def"))
    text = re.sub(r"^\s*#.*(?:\\\n.*)*", "", text, flags=re.M)
    return [Row(*match) for match in re.findall(r"FIB_(HOOK|CALL|USE|PASS)\((\w+)([^)]*)\)", text)]


def preprocess(compiler, include_dir, header):
    text = ("#define __CUDA_API_VERSION_INTERNAL\n#define __CUDA_API_VERSION_INTERNAL_ODR\n"
            f"#include <{header}>\nfib_version CUDA_VERSION\n")
    done = subprocess.run([compiler, "-E", "-P", "-x", "c++", f"-I{include_dir}", "-"], input=text,
                          capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"check_driver_api: {header} does not preprocess:\n{done.stderr}")
    return done.stdout


def split_arguments(text):
    """The arguments of a prototype; commas inside parentheses do not count."""
    arguments, depth, current = [], 0, ""
    for char in text:
        depth += {"(": 1, ")": -1}.get(char, 0)
        if char == "," and depth == 0:
            arguments.append(current)
            current = ""
        else:
            current += char
    arguments.append(current)
    return [] if arguments == ["void"] or not text.strip() else arguments


def read_prototypes(text):
    """symbol -> argument texts, of every driver function that the header declares."""
    found = re.findall(r"\bCUresult\s+(cu[A-Z]\w*)\s*\(((?:[^()]|\([^()]*\))*)\)\s*;", text)
    return {name: split_arguments(" ".join(arguments.split())) for name, arguments in found}


def read_typedefs(text):
    """Names without version that cudaTypedefs.h has a pointer type for, e.g. cuMemcpy_ptds."""
    found = re.findall(r"\bPFN_(cu\w+?)_v\d+(_ptsz|_ptds)?\b", text)
    return {name + suffix for name, suffix in found}


def check_words(row, arguments):
    if len(row.words) != len(arguments):
        yield f"{row.symbol}: {len(row.words)} argument words, cuda.h has {len(arguments)} arguments"
        return
    names = {re.sub(r"\W", "", word.split("[")[0]) for word in row.words}
    for word, argument in zip(row.words, arguments):
        match = WORD.fullmatch(word)
        if not match:
            yield f"{row.symbol}: '{word}' is no argument word"
        elif match.group(1) and match.group(1) not in names:
            yield f"{row.symbol}: '{word}' counts with an argument that is not there"
        elif word[0] in "=$*" and not ("*" in argument or "[" in argument):
            yield f"{row.symbol}: '{word}' for '{argument.strip()}', which is no pointer"


def check_row(row, prototypes):
    if row.symbol not in prototypes:
        yield f"{row.symbol}: listed, but this cuda.h does not declare it"
    elif row.kind in ("HOOK", "CALL"):
        if row.words is None:
            yield f"{row.symbol}: FIB_{row.kind} without argument words"
        else:
            yield from check_words(row, prototypes[row.symbol])
    elif row.kind == "PASS" and row.why not in WHY:
        yield f"{row.symbol}: passed through because of '{row.why}', which is no reason we know"


def missing(rows, prototypes, typedefs):
    """(symbol, source) of what NVIDIA declares and the list does not have."""
    listed = {row.symbol for row in rows}
    bare = {re.sub(r"_v\d+", "", symbol) for symbol in listed}
    for symbol in sorted(prototypes.keys() - listed):
        yield symbol, "cuda.h"
    for name in sorted(typedefs - bare - {re.sub(r"_v\d+", "", p) for p in prototypes}):
        yield name, "cudaTypedefs.h"


def check(rows, prototypes, typedefs):
    symbols = [row.symbol for row in rows]
    for symbol in sorted({s for s in symbols if symbols.count(s) > 1}):
        yield f"{symbol}: listed {symbols.count(symbol)} times"
    for row in rows:
        yield from check_row(row, prototypes)
    for symbol, source in missing(rows, prototypes, typedefs):
        if GROUPS.match(symbol):
            yield f"{symbol}: in {source}, but has no row: hook it, or list why it is passed through"
        else:
            print(f"note: {symbol} of {source} has no row; nothing that a capture needs")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    compiler, include_dir = sys.argv[1], pathlib.Path(sys.argv[2])
    rows = read_rows()
    cuda = preprocess(compiler, include_dir, "cuda.h")
    version = re.search(r"fib_version (\d+)", cuda).group(1)
    prototypes = read_prototypes(cuda)
    typedefs = read_typedefs((include_dir / "cudaTypedefs.h").read_text())
    sources.finish("check_driver_api", list(check(rows, prototypes, typedefs)),
                   f"{len(rows)} rows, {len(prototypes)} prototypes of cuda.h {version}")


if __name__ == "__main__":
    main()
