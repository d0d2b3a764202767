// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace fib::registry {

enum class Level { Info, Warning, Error };

/// "info", "warning" or "error".
[[nodiscard]] const char* to_string(Level level);

/// One thing worth saying about a registry.
struct Finding {
  Level level = Level::Error;
  std::string rule;      ///< stable id, "group.name"; docs/registry.md lists them
  std::string file;      ///< relative to the registry's root; empty for the registry as a whole
  std::size_t line = 0;  ///< of a JSONL file, from 1; 0: the file is one record
  std::string pointer;   ///< RFC 6901, within the record; empty for all of it
  std::string message;   ///< what is wrong
  std::string remedy;    ///< what to do about it

  /// What stands before the dot of `rule`.
  [[nodiscard]] std::string_view group() const;
};

/// Collects what readers and checks find. Readers of records leave file and line to their caller.
class Findings {
 public:
  void add(Finding finding);
  void error(std::string rule, std::string pointer, std::string message, std::string remedy);
  void warning(std::string rule, std::string pointer, std::string message, std::string remedy);
  void info(std::string rule, std::string pointer, std::string message, std::string remedy);

  /// Takes all of `other` over, as found in this file and line.
  void take(Findings&& other, const std::string& file, std::size_t line);

  [[nodiscard]] std::size_t count(Level level) const;
  [[nodiscard]] bool has_errors() const { return count(Level::Error) > 0; }
  [[nodiscard]] const std::vector<Finding>& list() const { return list_; }
  [[nodiscard]] std::vector<Finding>& list() { return list_; }

 private:
  std::vector<Finding> list_;
};

}  // namespace fib::registry
