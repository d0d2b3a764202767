// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "replayer/plan.h"

namespace fib::replayer {

/// Globals that the program asked the driver for, of modules that the image of the window's begin
/// does not know, most often because they were loaded within the window. Their addresses are in
/// parameters (cuFFT's tables); their content is what the image gives them. They become symbol
/// regions without pages.
class AskedSymbols {
 public:
  explicit AskedSymbols(Plan& plan) : plan_(plan) {}
  /// A successful call of the log, in the order of its thread.
  void add(const ApiEntry& api, const trace::Call& call);
  /// When all of the log was read, after all other regions.
  void settle();

 private:
  struct Question {
    std::uint64_t time, address, bytes, container, context;
    std::string name;
  };

  [[nodiscard]] std::uint32_t load_of(const Question& question) const;
  [[nodiscard]] bool is_known(const Question& question) const;

  Plan& plan_;
  std::vector<Question> questions_;
  std::map<std::uint64_t, std::uint64_t> library_of_;  ///< module -> library
};

}  // namespace fib::replayer
