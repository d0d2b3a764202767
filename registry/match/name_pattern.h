// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regex.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace fib::match {

/// How a pattern describes names, in the order of a binding's keys "name", "glob", "regex".
enum class NameMatch : std::uint8_t {
  Exact,
  Glob,  ///< '*' any text, '?' any character; nothing else is special. Describes the whole name
  Regex  ///< POSIX extended; somewhere in the name, unless anchored with ^ and $
};

/// A test for kernel names.
class NamePattern {
 public:
  NamePattern() = default;  ///< matches the empty name only, which no kernel has
  /// Kinds other than Regex can't fail. `error` is set, and the pattern matches nothing, if `text`
  /// is no regular expression.
  NamePattern(NameMatch kind, std::string text, std::string& error);

  /// `name` ends in a zero byte, as names from the driver do. May allocate if it is a Regex: ask
  /// once per kernel, not per launch.
  [[nodiscard]] bool matches(const char* name) const noexcept;

 private:
  struct Release {
    void operator()(regex_t* regex) const noexcept {
      regfree(regex);
      delete regex;
    }
  };

  NameMatch kind_ = NameMatch::Exact;
  std::string text_;
  std::unique_ptr<regex_t, Release> regex_;  ///< only of a Regex, and only if it is one
};

/// Whether `name` is described by `pattern`; linear in the product of both lengths.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view name) noexcept;

}  // namespace fib::match
