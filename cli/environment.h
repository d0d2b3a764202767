// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fib::cli {

/// The environment that a command gets; starts as a copy of our own.
class Environment {
 public:
  Environment();
  explicit Environment(std::vector<std::string> entries) : entries_(std::move(entries)) {}

  [[nodiscard]] std::optional<std::string> get(std::string_view name) const;
  void set(std::string_view name, std::string_view value);
  void unset(std::string_view name);
  /// Puts `libraries` before whatever LD_PRELOAD holds, in this order. Throws CliError for a path
  /// that the loader would take apart (blanks and colons separate its entries).
  void preload(const std::vector<std::string>& libraries);

  /// Null-terminated, as exec wants it; valid until the next change.
  [[nodiscard]] std::vector<char*> pointers();

 private:
  std::vector<std::string> entries_;
};

}  // namespace fib::cli
