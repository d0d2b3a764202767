// SPDX-License-Identifier: Apache-2.0
#include "trace/window_spec.h"

#include <regex.h>

#include <charconv>
#include <csignal>
#include <cstring>
#include <optional>
#include <system_error>
#include <vector>

namespace fib::trace {
namespace {

template <class Number>
bool parse_number(std::string_view text, Number& number) noexcept {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end;
}

/// Splits at commas that have no backslash before them.
std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> words(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == ',')
      words.back() += text[++i];
    else if (text[i] == ',')
      words.emplace_back();
    else
      words.back() += text[i];
  }
  return words;
}

/// 0: no signal that a program may be sent for this.
int signal_number(std::string_view text) noexcept {
  int number = 0;
  if (!parse_number(text, number)) {
    if (text.starts_with("SIG")) text.remove_prefix(3);
    for (int i = 1; i < NSIG && number == 0; ++i)
      if (const char* name = sigabbrev_np(i); name != nullptr && text == name) number = i;
  }
  switch (number) {
    case SIGKILL:
    case SIGSTOP:
    case SIGSEGV:
    case SIGBUS:
    case SIGFPE:
    case SIGILL: return 0;
    default: return number > 0 && number < NSIG ? number : 0;
  }
}

std::optional<std::string> regex_problem(const std::string& pattern) {
  regex_t compiled;
  const int code = regcomp(&compiled, pattern.c_str(), REG_EXTENDED | REG_NOSUB);
  if (code == 0) {
    regfree(&compiled);
    return std::nullopt;
  }
  char reason[160];
  regerror(code, &compiled, reason, sizeof reason);
  return std::string(reason);
}

/// One word at a time; each function returns what is wrong, or an empty text.
class Parser {
 public:
  explicit Parser(WindowSpec& spec) : spec_(spec) {}

  std::string word(const std::string& word) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == word.size())
      return "'" + word + "' is not KEY=VALUE";
    const std::string key = word.substr(0, equals), value = word.substr(equals + 1);
    if (key.starts_with("at-")) return start(key, value);
    if (std::string problem = end(key, value); problem != kUnknown) return problem;
    return option(key, value);
  }

 private:
  static constexpr const char* kUnknown = "?";

  std::string start(const std::string& key, const std::string& value) {
    if (spec_.start != WindowStart::Control) return "there may be one at-... only";
    if (key == "at-launch") return count(key, value, WindowStart::Launch);
    if (key == "at-graph-launch") return count(key, value, WindowStart::GraphLaunch);
    if (key == "at-kernel") return name(key, value, WindowStart::Kernel);
    if (key == "at-range") return name(key, value, WindowStart::Range);
    if (key == "at-time") return seconds(key, value, WindowStart::Time);
    if (key != "at-signal")
      return "'" + key +
             "' is none of at-launch, at-graph-launch, at-kernel, at-range, at-signal, "
             "at-time";
    spec_.start = WindowStart::Signal;
    spec_.at = static_cast<std::uint64_t>(signal_number(value));
    return spec_.at != 0 ? "" : "at-signal: '" + value + "' is no signal that can be used (USR2?)";
  }

  std::string count(const std::string& key, const std::string& value, WindowStart start) {
    spec_.start = start;
    return number(key, value, spec_.at);
  }
  std::string name(const std::string& key, const std::string& value, WindowStart start) {
    spec_.start = start;
    spec_.start_name = value;
    return start == WindowStart::Kernel ? regex(key, value) : "";
  }
  std::string seconds(const std::string& key, const std::string& value, WindowStart start) {
    spec_.start = start;
    return seconds(key, value, spec_.at);
  }

  std::string end(const std::string& key, const std::string& value) {
    if (key == "launches") return number(key, value, spec_.launches);
    if (key == "graph-launches") return number(key, value, spec_.graph_launches);
    if (key == "seconds") return seconds(key, value, spec_.duration_ns);
    if (key != "until-kernel") return kUnknown;
    spec_.until_kernel = value;
    return regex(key, value);
  }

  std::string option(const std::string& key, const std::string& value) {
    if (key == "budget-seconds") return seconds(key, value, spec_.budget_ns);
    if (key == "bytes")
      return parse_bytes(value, spec_.budget_bytes)
                 ? ""
                 : "bytes: '" + value + "' is no size such as 64G or 512M";
    if (key == "count")
      return parse_number(value, spec_.count) && spec_.count > 0
                 ? ""
                 : "count: '" + value + "' is no whole number from 1";
    if (key == "verify") return verify(value);
    return "'" + key + "' is not a known key";
  }

  std::string verify(const std::string& value) {
    if (value == "none")
      spec_.verify = VerifyLevel::None;
    else if (value == "window")
      spec_.verify = VerifyLevel::Window;
    else if (value == "launch")
      spec_.verify = VerifyLevel::Launch;
    else
      return "verify: '" + value + "' is none of none, window, launch";
    return "";
  }

  static std::string number(const std::string& key, const std::string& value, std::uint64_t& to) {
    if (parse_number(value, to) && to > 0) return "";
    return key + ": '" + value + "' is no whole number from 1";
  }
  static std::string seconds(const std::string& key, const std::string& value, std::uint64_t& to) {
    if (parse_seconds(value, to)) return "";
    return key + ": '" + value + "' is no number of seconds such as 2.5";
  }
  static std::string regex(const std::string& key, const std::string& value) {
    const std::optional<std::string> problem = regex_problem(value);
    if (!problem) return "";
    return key + ": '" + value + "' is no POSIX extended regular expression (" + *problem + ")";
  }

  WindowSpec& spec_;
};

}  // namespace

bool parse_bytes(std::string_view text, std::uint64_t& bytes) noexcept {
  constexpr std::string_view kUnits = "KMGT";
  unsigned shift = 0;
  if (!text.empty())
    if (const std::size_t unit = kUnits.find(text.back()); unit != std::string_view::npos) {
      shift = 10 * (static_cast<unsigned>(unit) + 1);
      text.remove_suffix(1);
    }
  std::uint64_t number = 0;
  if (!parse_number(text, number) || number == 0 || number > (UINT64_MAX >> shift)) return false;
  bytes = number << shift;
  return true;
}

bool parse_seconds(std::string_view text, std::uint64_t& ns) noexcept {
  constexpr double kTenYears = 3.2e8;
  double seconds = 0;
  if (!parse_number(text, seconds) || !(seconds > 0) || seconds > kTenYears) return false;
  ns = static_cast<std::uint64_t>(seconds * 1e9);
  return ns > 0;
}

bool parse_window_spec(std::string_view text, WindowSpec& spec, std::string& error) {
  spec = {};
  Parser parser(spec);
  for (const std::string& word : split(text)) {
    if (word.empty()) continue;
    if (error = parser.word(word); !error.empty()) return false;
  }
  return true;
}

}  // namespace fib::trace
