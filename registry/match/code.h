// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "registry/match/expression.h"

namespace fib::match {

/// A program's place in a CodePool; none if `count` is 0.
struct CodeRef {
  std::uint32_t begin = 0, count = 0;
  [[nodiscard]] explicit operator bool() const noexcept { return count != 0; }
};

/// All programs of a table behind each other, so that those of one rule share cache lines.
class CodePool {
 public:
  CodeRef add(const Program& program) {
    const CodeRef ref{static_cast<std::uint32_t>(code_.size()),
                      static_cast<std::uint32_t>(program.size())};
    code_.insert(code_.end(), program.begin(), program.end());
    return ref;
  }
  [[nodiscard]] std::span<const Instruction> operator[](CodeRef ref) const noexcept {
    return {code_.data() + ref.begin, ref.count};
  }

 private:
  std::vector<Instruction> code_;
};

}  // namespace fib::match
