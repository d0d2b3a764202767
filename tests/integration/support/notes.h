// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

/// What the program itself says that it did, one line per fact, in $FIBTEST_NOTES/<pid>. The
/// harness compares it with the capture. Without that variable nothing is written.
///
///     call <symbol>
///     launch <tid> <kernel> <gx,gy,gz> <bx,by,bz> <shared bytes> <parameter bytes in hex, .. =
///     padding>
namespace fib::test {

/// `text` is a call as the preprocessor sees it, e.g. "cuMemAlloc_v2(&p, 4)".
void note_call(std::string_view text);
void note_line(const std::string& line);

struct Shape {
  unsigned grid[3] = {1, 1, 1};
  unsigned block[3] = {1, 1, 1};
  unsigned shared_bytes = 0;
};
void note_launch(const char* kernel, const Shape& shape, const std::string& params_hex);
bool notes_wanted();

/// Hex text of a parameter buffer; bytes between the parameters are `..`.
class ParamText {
 public:
  void add(const void* bytes, std::size_t size, std::size_t alignment);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace fib::test
