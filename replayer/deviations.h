// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace fib::replayer {

/// What a replay does otherwise than the recording did, or can't know: by text, with how often.
class Deviations {
 public:
  void add(const std::string& text, std::uint64_t count = 1) { counts_[text] += count; }
  [[nodiscard]] const std::map<std::string, std::uint64_t>& counts() const { return counts_; }

 private:
  std::map<std::string, std::uint64_t> counts_;
};

}  // namespace fib::replayer
