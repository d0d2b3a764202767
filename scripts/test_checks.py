#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of the checks: each must find the mistake that it is there for."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

import check_binary
import check_driver_api
import check_headers
import check_layers
import check_size
import sources

SPDX = "// SPDX-License-Identifier: Apache-2.0\n"


def run_check(script, files):
    """Runs a check over a tree with `files` (path -> text); (exit code, output)."""
    with tempfile.TemporaryDirectory() as folder:
        for path, text in files.items():
            target = pathlib.Path(folder, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(SPDX + text)
        done = subprocess.run([sys.executable, sources.ROOT / "scripts" / script, folder],
                              capture_output=True, text=True)
        return done.returncode, done.stdout


class Headers(unittest.TestCase):
    def comes_first(self, source):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "trace").mkdir()
            (root / "trace/a.cpp").write_text(SPDX + source)
            return check_headers.comes_first(pathlib.Path("trace/a.h"), root)

    def test_only_a_source_that_begins_with_a_header_proves_it(self):
        self.assertTrue(self.comes_first('#include "trace/a.h"\n\n#include <vector>\n'))
        self.assertFalse(self.comes_first('#include <vector>\n#include "trace/a.h"\n'))
        self.assertFalse(self.comes_first('// #include "trace/a.h"\n#include "trace/b.h"\n'))
        self.assertFalse(self.comes_first(""))
        self.assertFalse(check_headers.comes_first(pathlib.Path("trace/no_such_source.h")))


class Includes(unittest.TestCase):
    def check(self, text, header="#pragma once\n"):
        return run_check("check_includes.py", {"trace/a.cpp": text, "trace/a.h": header})[0]

    def test_a_name_needs_its_header_here_or_in_a_header_of_ours(self):
        self.assertEqual(0, self.check("#include <cstdint>\nstd::uint64_t a;\n"))
        self.assertEqual(1, self.check("#include <map>\nstd::uint64_t a;\n"))
        self.assertEqual(0, self.check('#include "trace/a.h"\nstd::uint64_t a;\n', "#include <cstdint>\n"))
        self.assertEqual(1, self.check('#include "trace/a.h"\nstd::uint64_t a;\n'))
        self.assertEqual(1, self.check("auto a = std::max(1, 2);\n"))

    def test_words_in_comments_and_literals_are_no_names(self):
        self.assertEqual(0, self.check('// std::map\nconst char* a = "std::map<>";\n'))
        self.assertEqual(1, self.check("// #include <map>\nstd::map<int, int> a;\n"))


class Layers(unittest.TestCase):
    def check(self, path, include, extra=()):
        files = {path: f"#include {include}\n", "trace/format.h": "", "driver/check.h": "",
                 "recorder/ring.h": "", "replayer/engine.h": ""}
        return run_check("check_layers.py", files | dict(extra))[0]

    def test_arrows(self):
        self.assertEqual(0, self.check("recorder/a.cpp", '"trace/format.h"'))
        self.assertEqual(0, self.check("shim/a.cpp", '"recorder/ring.h"'))
        self.assertEqual(1, self.check("trace/a.cpp", '"driver/check.h"'))
        self.assertEqual(1, self.check("recorder/a.cpp", '"replayer/engine.h"'))
        self.assertEqual(1, self.check("cli/a.cpp", '"recorder/ring.h"'))
        self.assertEqual(1, self.check("shim/a.cpp", "<trace/format.h>"))

    def test_third_party(self):
        self.assertEqual(0, self.check("shim/config.cpp", "<nlohmann/json.hpp>"))
        self.assertEqual(1, self.check("shim/hooks/launch.cpp", "<nlohmann/json.hpp>"))
        self.assertEqual(0, self.check("registry/model.cpp", "<nlohmann/json.hpp>"))
        self.assertEqual(1, self.check("registry/match/table.cpp", "<nlohmann/json.hpp>"))
        self.assertEqual(1, self.check("recorder/a.cpp", "<spdlog/spdlog.h>"))
        self.assertEqual(1, self.check("trace/a.cpp", "<cuda.h>"))
        self.assertEqual(1, self.check("shim/a.cpp", "<cupti.h>"))
        self.assertEqual(1, self.check("driver/a.cpp", "<iostream>"))

    def test_paths_start_at_the_root(self):
        self.assertEqual(1, self.check("recorder/a.cpp", '"ring.h"'))

    def test_comments_do_not_count(self):
        self.assertEqual(0, run_check("check_layers.py",
                                      {"trace/a.cpp": "/*\n#include <cuda.h>\n*/\n"})[0])


class Size(unittest.TestCase):
    def functions(self, text):
        return [(first, last) for first, last, _ in check_size.functions(text)]

    def test_finds_functions(self):
        self.assertEqual([(1, 3)], self.functions("int f(int a) {\n  if (a) { return 1; }\n}\n"))
        self.assertEqual([(2, 4)], self.functions("struct S {\n  S() : a_{1}, b_(2) {\n    g();\n  }\n};"))
        self.assertEqual([(1, 3)], self.functions("template <class T = int, int N = f(1)>\nint g(T t = {}) {\n}"))
        self.assertEqual([(3, 4)], self.functions('namespace a {\nextern "C" {\nint f() noexcept {\n}\n}}'))

    def test_finds_no_functions(self):
        self.assertEqual([], self.functions("const int kTable[] = {\n f(1),\n};\n"))
        self.assertEqual([], self.functions("enum class E : int {\n a = int(1),\n};\n"))
        self.assertEqual([], self.functions('const char* s = R"(int f() {\n})";\n#define F() \\\n f() {}\n'))

    def test_limits(self):
        def function(name, lines):
            return name + " {\n" + "g();\n" * (lines - 2) + "}\n"
        self.assertEqual(0, run_check("check_size.py", {"trace/a.cpp": function("int f()", 60)})[0])
        self.assertEqual(1, run_check("check_size.py", {"trace/a.cpp": function("int f()", 61)})[0])
        self.assertEqual(0, run_check("check_size.py", {"tests/a.cpp": function("TEST(A, B)", 120)})[0])
        self.assertEqual(1, run_check("check_size.py", {"tests/a.cpp": function("TEST(A, B)", 121)})[0])
        self.assertEqual(1, run_check("check_size.py", {"trace/a.cpp": "\n" * 601})[0])
        self.assertEqual(0, run_check("check_size.py", {"trace/a.def": "\n" * 601})[0])

    def test_text(self):
        self.assertEqual(1, run_check("check_size.py", {"trace/a.cpp": "using namespace std;\n"})[0])
        self.assertEqual(1, run_check("check_size.py", {"trace/a.cpp": "//" + "x" * 99 + "\n"})[0])
        self.assertEqual(1, run_check("check_size.py", {"trace/a.h": "int f();\n"})[0])


class DriverApi(unittest.TestCase):
    PROTOTYPES = {"cuLaunch": ["CUfunction f"], "cuMemAlloc": ["CUdeviceptr *p", "size_t n"]}

    def problems(self, *rows, typedefs=frozenset()):
        rows = [check_driver_api.Row(kind, symbol, rest) for kind, symbol, rest in rows]
        return " ".join(check_driver_api.check(rows, self.PROTOTYPES, set(typedefs)))

    def test_complete_list(self):
        rows = (("HOOK", "cuLaunch", ', "f"'), ("CALL", "cuMemAlloc", ', "=p n"'))
        self.assertEqual("", self.problems(*rows))
        self.assertIn("cuGraphNew: in cudaTypedefs.h",
                      self.problems(*rows, typedefs={"cuGraphNew"}))

    def test_missing_row(self):
        self.assertIn("cuMemAlloc: in cuda.h", self.problems(("HOOK", "cuLaunch", ', "f"')))

    def test_bad_rows(self):
        good = ("CALL", "cuMemAlloc", ', "=p n"')
        for row, message in [(("HOOK", "cuLaunch", ', "f g"'), "2 argument words"),
                             (("HOOK", "cuLaunch", ', "*f"'), "no pointer"),
                             (("HOOK", "cuLaunch", ""), "without argument words"),
                             (("PASS", "cuLaunch", ", whatever"), "no reason we know"),
                             (("USE", "cuGone", ""), "does not declare it"),
                             (("USE", "cuMemAlloc", ""), "listed 2 times")]:
            self.assertIn(message, self.problems(good, row))

    def test_prototypes(self):
        found = check_driver_api.read_prototypes(
            "CUresult cuA(void);\nCUresult cuB(int a, void ( *f)(int, int), size_t n);")
        self.assertEqual({"cuA": 0, "cuB": 3}, {k: len(v) for k, v in found.items()})


class Binary(unittest.TestCase):
    def test_versions(self):
        symbols = [("GLOBAL", "DEFAULT", "UND", "f@GLIBC_2.34"),
                   ("GLOBAL", "DEFAULT", "UND", "g@GLIBC_2.35"),
                   ("GLOBAL", "DEFAULT", "UND", "h@GLIBC_PRIVATE")]
        self.assertEqual(2, len(list(check_binary.check_versions(symbols))))

    def test_exports(self):
        wanted = check_binary.expected_exports()
        self.assertTrue({"cuLaunchKernel", "cuMemAlloc_v2", "dlsym"} <= wanted)
        self.assertFalse({"cuFuncGetName", "cuGetExportTable"} & wanted)
        symbols = [("GLOBAL", "DEFAULT", "12", name) for name in wanted - {"dlsym"} | {"malloc"}]
        problems = " ".join(check_binary.check_exports(symbols))
        self.assertEqual("does not export dlsym exports malloc, which is no interposed symbol", problems)

    def test_needed(self):
        self.assertTrue(check_binary.MAY_NEED.fullmatch("libc.so.6"))
        for name in ("libcuda.so.1", "libstdc++.so.6", "libcudart.so.13", "libgcc_s.so.1"):
            self.assertFalse(check_binary.MAY_NEED.fullmatch(name))


if __name__ == "__main__":
    unittest.main()
