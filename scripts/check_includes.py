#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when a file uses a name of the standard library without including its header, itself or by a header of ours.

It compiles nevertheless, as long as some other standard header happens to bring the name along; which ones do changes
with the compiler: what builds with GCC 12 then does not with GCC 13.

Usage: check_includes.py [ROOT]
"""

import pathlib
import re
import sys

import sources

FUNCTIONS = {  # header -> functions that belong to it
    "algorithm": "all_of any_of clamp copy copy_if copy_n count count_if equal fill fill_n find find_if generate "
                 "is_sorted lower_bound max max_element min min_element none_of nth_element remove_if replace reverse "
                 "rotate search shuffle sort stable_sort transform unique upper_bound",
    "cmath": "abs ceil exp exp2 fabs floor isfinite isinf isnan ldexp log log2 lround nextafter pow round sqrt",
    "cstdio": "fclose fflush fopen fprintf fputs printf puts snprintf vsnprintf",
    "cstdlib": "abort atoi exit free getenv malloc strtod strtol strtoul strtoull system",
    "cstring": "memchr memcmp memcpy memmove memset strchr strcmp strerror strlen strncmp strrchr",
    "numeric": "accumulate gcd iota reduce",
}
NAMES = {  # header -> types and objects that belong to it
    "array": "array", "atomic": "atomic", "charconv": "from_chars to_chars", "chrono": "chrono",
    "condition_variable": "condition_variable", "cstdint": r"u?int(8|16|32|64|max|ptr)_t", "deque": "deque",
    "filesystem": "filesystem", "fstream": "fstream ifstream ofstream", "functional": "function ref cref",
    "limits": "numeric_limits", "map": "map multimap", "memory": "make_shared make_unique shared_ptr unique_ptr",
    "mutex": "call_once lock_guard mutex once_flag scoped_lock unique_lock", "optional": "nullopt optional",
    "random": "mt19937 mt19937_64 uniform_int_distribution", "regex": "regex", "set": "multiset set",
    "span": "span", "sstream": "istringstream ostringstream stringstream",
    "stdexcept": "invalid_argument logic_error out_of_range runtime_error",
    "system_error": "errc generic_category system_error", "thread": "jthread thread this_thread",
    "unordered_map": "unordered_map", "unordered_set": "unordered_set",
    "variant": "get_if holds_alternative monostate variant visit", "vector": "vector",
}
PATTERNS = {
    **{header: rf"std::({'|'.join(names.split())})\b" for header, names in NAMES.items()},
    **{header: rf"std::({'|'.join(names.split())})\(" for header, names in FUNCTIONS.items()},
}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


class Files:
    """What our files include, and what comes along with it."""

    def __init__(self, root):
        self.root, self.known = root, {}

    def includes(self, path):
        """(standard headers, files of ours that are there) of one file."""
        standard, ours = set(), set()
        for kind, name in INCLUDE.findall(sources.without_comments(sources.read(path, self.root))):
            found = [place for place in (pathlib.Path(name), path.parent / name) if (self.root / place).is_file()]
            if kind == "<":
                standard.add(name)
            elif found:
                ours.add(found[0])
        return standard, ours

    def all_standard(self, path):
        """Standard headers of a file and of all headers of ours below it."""
        if path not in self.known:
            standard, ours = self.includes(path)
            self.known[path] = standard  # headers that include each other come to an end
            self.known[path] = standard.union(*(self.all_standard(header) for header in ours))
        return self.known[path]


def missing(path, files):
    """[(header, the first name that wants it)]"""
    text, there = sources.without_literals(sources.read(path, files.root)), files.all_standard(path)
    found = ((header, re.search(pattern, text)) for header, pattern in PATTERNS.items() if header not in there)
    return [(header, match.group(0)) for header, match in found if match]


def main():
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else sources.ROOT
    files, paths = Files(root), sources.find(sources.HEADERS | {".cpp", ".cc"}, root)
    problems = [f"{path}: {name.rstrip('(')} needs #include <{header}>"
                for path in paths for header, name in missing(path, files)]
    sources.finish("check_includes", problems, f"{len(paths)} files")


if __name__ == "__main__":
    main()
