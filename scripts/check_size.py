#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails on functions and files that are too long, and on what every source file must have.

Functions: more than 60 lines fail, more than 40 are counted. Test bodies: 120.
Files: more than 600 lines fail, more than 300 are listed. Tables (.def, .inc) are exempt, and so are their columns.
Also: SPDX line first, `#pragma once` in headers, 100 columns, no `using namespace std`.
Usage: check_size.py [-v] [ROOT]     (-v lists the functions over 40 lines)
"""

import argparse
import pathlib
import re
import statistics

import sources

FUNCTION_HARD, FUNCTION_AIM, TEST_HARD = 60, 40, 120
FILE_HARD, FILE_AIM = 600, 300
COLUMNS = 100

SCOPE = re.compile(
    r"\s*((inline|export|typedef)\s+)*(namespace|class|struct|union)\b|\s*extern\s+\"\"\s*$")
ENUM = re.compile(r"\s*(typedef\s+)?enum\b")
TEST = re.compile(r"^\s*(TYPED_)?TEST(_F|_P)?\s*\(")
CONTROL = re.compile(r"^\s*(if|for|while|switch|catch|else|do|try)\b")
CONSTRUCTOR_LIST = re.compile(r"\)\s*(noexcept(\([^)]*\))?\s*)?:(?!:)")
KEYWORD_BEFORE_BODY = re.compile(r"\b(noexcept|const|override|final|try)\s*$")


def without_directives(text):
    """`text` with preprocessor lines, continuations included, blank."""
    return re.sub(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", lambda m: "\n" * m.group(0).count("\n"), text,
                  flags=re.M | re.S)


def balanced(text, opening, closing):
    """`text` without what stands between `opening` and `closing`, nested pairs included."""
    kept, depth = "", 0
    for char in text:
        depth += char == opening
        if depth == 0:
            kept += char
        depth -= char == closing and depth > 0
    return kept


def without_template(head):
    """`head` without `template <...>` in front and without access specifiers."""
    head = re.sub(r"^\s*((public|private|protected)\s*:\s*)+", "", head)
    while match := re.match(r"\s*template\s*<", head):
        depth, end = 1, match.end()
        while depth and end < len(head):
            depth += {"<": 1, ">": -1}.get(head[end], 0)
            end += 1
        head = head[end:]
    return head


def is_member_initialiser(head):
    """True for the brace of `Type() : member_{`."""
    if not CONSTRUCTOR_LIST.search(head) or KEYWORD_BEFORE_BODY.search(head):
        return False
    return bool(re.search(r"[\w>]\s*$", head))


def classify(head, in_function):
    """What the brace after `head` opens: 'scope', 'function', 'part' of a head, or 'block'."""
    head = without_template(head)
    if in_function or ENUM.match(head) or CONTROL.match(head):
        return "block"
    if SCOPE.match(head):
        return "scope"
    if "(" not in head:
        return "block"
    if head.count("(") > head.count(")") or is_member_initialiser(head):
        return "part"
    outside = balanced(head.replace("operator()", "call").replace("operator=", "assign"), "(", ")")
    has_list = outside != head and re.search(r"\)\s*[^()]*$", head)
    return "function" if has_list and not re.search(r"(?<![=!<>])=(?!=)", outside) else "block"


def functions(text):
    """(first line, last line, head) of every function body in `text`."""
    text = without_directives(sources.without_literals(text))
    stack, found, head, head_line, line = [], [], "", None, 1
    for char in text:
        if char == "\n":
            line += 1
        if char == "{":
            kind = classify(head, any(k == "function" for k, _, _ in stack))
            stack.append((kind, head_line or line, head))
            if kind != "part":
                head, head_line = "", None
        elif char == "}":
            if not stack:
                continue
            kind, first, opened = stack.pop()
            if kind == "function":
                found.append((first, line, " ".join(opened.split())))
            head, head_line = (opened + "{}", first) if kind == "part" else ("", None)
        elif char == ";" and not (stack and stack[-1][0] == "part"):
            head, head_line = "", None
        else:
            if head_line is None and not char.isspace():
                head_line = line
            head += char
    return found


def check_functions(path, text):
    """Problems, and (length, place, head) of every function."""
    problems, lengths = [], []
    for first, last, head in functions(text):
        length = last - first + 1
        limit = TEST_HARD if TEST.match(head) else FUNCTION_HARD
        lengths.append((length, f"{path}:{first}", head))
        if length > limit:
            problems.append(f"{path}:{first}: {length} lines (limit {limit}): {head[:70]}")
    return problems, lengths


def check_text(path, text):
    lines = text.split("\n")
    if "SPDX-License-Identifier: Apache-2.0" not in lines[0]:
        yield f"{path}:1: first line is not the SPDX line"
    if path.suffix in sources.HEADERS and "\n#pragma once\n" not in text:
        yield f"{path}:1: no #pragma once"
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS and path.suffix not in sources.TABLES:
            yield f"{path}:{number}: {len(line)} columns (limit {COLUMNS})"
        if re.match(r"\s*using namespace std\b", line):
            yield f"{path}:{number}: using namespace std"


def report(lengths, long_files, verbose):
    if lengths:
        numbers = sorted(length for length, _, _ in lengths)
        p95 = numbers[min(len(numbers) - 1, len(numbers) * 95 // 100)]
        over = [entry for entry in lengths if entry[0] > FUNCTION_AIM and not TEST.match(entry[2])]
        print(f"functions: {len(numbers)}, median {statistics.median(numbers):g}, p95 {p95}, "
              f"longest {numbers[-1]}, over {FUNCTION_AIM} lines: {len(over)}")
        for length, place, head in sorted(over, reverse=True) if verbose else []:
            print(f"  {length:3} {place} {head[:60]}")
    for lines, path in sorted(long_files, reverse=True):
        print(f"over {FILE_AIM} lines: {path} ({lines})")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-v", action="store_true", help="list functions over the aim")
    parser.add_argument("root", nargs="?", type=pathlib.Path, default=sources.ROOT)
    options = parser.parse_args()
    root = options.root.resolve()
    problems, lengths, long_files = [], [], []
    paths = sources.find(sources.CODE | sources.TABLES, root)
    for path in paths:
        text = sources.read(path, root)
        problems += check_text(path, text)
        if path.suffix in sources.TABLES:
            continue
        lines = text.count("\n")
        if lines > FILE_AIM:
            long_files.append((lines, path))
        if lines > FILE_HARD:
            problems.append(f"{path}: {lines} lines (limit {FILE_HARD})")
        found, measured = check_functions(path, text)
        problems += found
        lengths += measured
    report(lengths, long_files, options.v)
    sources.finish("check_size", problems, f"{len(paths)} files")


if __name__ == "__main__":
    main()
