// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

namespace fib::cli {
namespace {

bool wants_color(ColorMode mode, bool terminal) {
  if (mode != ColorMode::Auto) return mode == ColorMode::Always;
  const char* no_color = std::getenv("NO_COLOR");  // https://no-color.org: set and not empty
  const char* term = std::getenv("TERM");
  const bool dumb = term != nullptr && std::string_view(term) == "dumb";
  return terminal && !dumb && (no_color == nullptr || *no_color == '\0');
}

}  // namespace

Terminal Terminal::of_stdout(ColorMode mode) {
  Terminal terminal;
  const bool is_terminal = isatty(STDOUT_FILENO) == 1;
  terminal.color_ = wants_color(mode, is_terminal);
  winsize size{};
  if (is_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) terminal.columns_ = size.ws_col;
  return terminal;
}

std::string Terminal::paint(std::string_view code, std::string_view text) const {
  if (!color_) return std::string(text);
  return "\033[" + std::string(code) + 'm' + std::string(text) + "\033[0m";
}

}  // namespace fib::cli
