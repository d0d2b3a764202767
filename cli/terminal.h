// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fib::cli {

enum class ColorMode { Auto, Always, Never };

/// How to write to stdout: with escape sequences or without, and how wide.
class Terminal {
 public:
  /// Plain text of unlimited width; what tests and pipes get.
  Terminal() = default;
  /// Looks at stdout, NO_COLOR and TERM.
  [[nodiscard]] static Terminal of_stdout(ColorMode mode);

  [[nodiscard]] bool color() const { return color_; }
  [[nodiscard]] std::size_t columns() const { return columns_; }  ///< 0: unlimited

  [[nodiscard]] std::string bold(std::string_view text) const { return paint("1", text); }
  [[nodiscard]] std::string faint(std::string_view text) const { return paint("2", text); }
  [[nodiscard]] std::string red(std::string_view text) const { return paint("31", text); }
  [[nodiscard]] std::string green(std::string_view text) const { return paint("32", text); }
  [[nodiscard]] std::string yellow(std::string_view text) const { return paint("33", text); }

 private:
  [[nodiscard]] std::string paint(std::string_view code, std::string_view text) const;

  bool color_ = false;
  std::size_t columns_ = 0;
};

}  // namespace fib::cli
