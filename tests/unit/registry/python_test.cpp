// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "registry/model/python_signature.h"

namespace fib::registry {
namespace {

// "name(parameters)", with = for a default and * for what is no plain parameter.
std::string signature(std::string_view source, std::string_view name = "run") {
  const PythonSource scanned = scan_python(source);
  if (!scanned.error.empty()) return scanned.error;
  const PythonFunction* const function = scanned.find(name);
  if (function == nullptr) return "none";
  std::string text;
  for (const auto& parameter : function->parameters) {
    text += text.empty() ? "" : " ";
    if (parameter.kind != PythonFunction::Kind::Positional) text += '*';
    text += parameter.name + (parameter.has_default ? "=" : "");
  }
  return text;
}

TEST(ScanPython, FindsParameters) {
  EXPECT_EQ(signature("def run(a, b: int = 3, *args, c, d=4, **rest): pass"),
            "a b= *args *c *d= *rest");
  EXPECT_EQ(signature("def run(a, /, b, *, c): pass"), "a b *c");
  EXPECT_EQ(signature("def run() -> None: pass"), "");
  EXPECT_EQ(
      signature("def run(\n    a,  # one, two\n    b: Dict[str, int] = {'x': (1, 2)},\n): ..."),
      "a b=");
  EXPECT_EQ(signature("def run(f=lambda x, y: (x, y), b=1): pass"), "f= b=");
  EXPECT_EQ(signature("def run[T](a: T): pass"), "a");
}

TEST(ScanPython, KnowsWhatIsTopLevel) {
  EXPECT_EQ(signature("class A:\n    def run(self): pass"), "none");
  EXPECT_EQ(signature("if True:\n  def run(a): pass"), "none");
  EXPECT_EQ(signature("async def run(a): pass"), "none");
  EXPECT_EQ(signature("run = lambda a: a"), "none");
  EXPECT_EQ(signature("'''\ndef run(a): pass\n'''"), "none");
  EXPECT_EQ(signature("x = (\ndef_ := 1,\n)\n@torch.no_grad()\ndef run(a): pass"), "a");
  EXPECT_EQ(signature("x = 1 + \\\n  2\ndef run(a): pass"), "a");
  EXPECT_EQ(signature("def run(a): pass\ndef run(b): pass"), "b");
  EXPECT_EQ(signature("def run(a):\r\n    return 'it''s'\r\n"), "a");
}

TEST(ScanPython, ReadsStrings) {
  EXPECT_EQ(signature("s = '\\'' + b\"\\\"\" + f'''a'b\n''' + u\"\"\ndef run(a): pass"), "a");
  EXPECT_EQ(signature("x = 'abc\ndef run(): pass"), "a string does not end (line 1)");
  EXPECT_EQ(signature("x = '''abc"), "a string does not end (line 1)");
}

TEST(ScanPython, RefusesWhatIsNoPython) {
  EXPECT_EQ(signature("x = [1, 2)"), "brackets do not match, or are nested too deep (line 1)");
  EXPECT_EQ(signature("\n\nx = ?"), "a character that Python does not know (line 3)");
  EXPECT_EQ(signature("def run(a:\n  pass"), "a bracket is never closed (line 2)");
  EXPECT_EQ(signature(std::string(100'000, '(')),
            "brackets do not match, or are nested too deep (line 1)");
}

TEST(PythonFunction, BindsPositionals) {
  const auto binds = [](std::string_view source, std::size_t arguments) {
    return scan_python(source).find("run")->binds(arguments);
  };
  EXPECT_TRUE(binds("def run(a, b, c=1): pass", 2));
  EXPECT_TRUE(binds("def run(a, b, c=1): pass", 3));
  EXPECT_FALSE(binds("def run(a, b, c=1): pass", 1));
  EXPECT_FALSE(binds("def run(a, b, c=1): pass", 4));
  EXPECT_TRUE(binds("def run(a, *more): pass", 9));
  EXPECT_FALSE(binds("def run(a, *, key): pass", 1));
  EXPECT_TRUE(binds("def run(a, *, key=0, **rest): pass", 1));
}

}  // namespace
}  // namespace fib::registry
