// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "registry/model/finding.h"

namespace fib::dispatch {

/// What is wrong with a registry, in lines for people: the file, what is wrong, and what to do.
class SourceLines {
 public:
  /// The errors among them, of files below `root`.
  void add(const std::string& root, const registry::Findings& findings);
  /// `what` says what to do after a semicolon.
  void add(const std::string& path, const std::string& what);

  [[nodiscard]] const std::vector<std::string>& list() const { return list_; }

 private:
  std::vector<std::string> list_;
};

/// Without anything that a terminal takes for more than text, and short enough for one line.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace fib::dispatch
