// SPDX-License-Identifier: Apache-2.0
#include "cli/recording.h"

#include <regex.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>

#include "cli/exit_codes.h"
#include "trace/capture.h"
#include "trace/window_spec.h"

namespace fib::cli {

namespace fs = std::filesystem;

void apply(const ShimSettings& settings, Environment& environment) {
  if (const auto off = environment.get("FIBSHIM_DISABLE"); off && !off->empty() && *off != "0") {
    spdlog::warn("FIBSHIM_DISABLE={} turns the shim off: unset it to record", *off);
  }
  const std::array<std::pair<const char*, std::string>, 6> variables = {{
      {"FIBSHIM_MODE", settings.mode},
      {"FIBSHIM_CAPTURE_DIR", settings.directory.string()},
      {"FIBSHIM_FILTER", settings.filter},
      {"FIBSHIM_PROCESS", settings.process},
      {"FIBSHIM_CONFIG", settings.config},
      {"FIBSHIM_WINDOW", settings.window},
  }};
  for (const auto& [name, value] : variables) {
    if (!value.empty()) environment.set(name, value);
  }
}

void check_window(const std::string& option, const std::string& text) {
  trace::WindowSpec spec;
  std::string error;
  if (!trace::parse_window_spec(text, spec, error))
    throw CliError(kExitUsage, option + " '" + text + "': " + error);
}

void check_regex(const std::string& option, const std::string& pattern) {
  regex_t compiled;
  const int error = regcomp(&compiled, pattern.c_str(), REG_EXTENDED | REG_NOSUB);
  if (error == 0) {
    regfree(&compiled);
    return;
  }
  std::array<char, 160> reason{};
  regerror(error, &compiled, reason.data(), reason.size());
  throw CliError(kExitUsage, option + " '" + pattern +
                                 "' is no POSIX extended regular expression (" + reason.data() +
                                 ")");
}

std::set<std::string> process_names(const fs::path& directory) try {
  std::set<std::string> names;
  for (const trace::ProcessLog& log : trace::open_capture(directory).processes) {
    names.insert(log.name);
  }
  return names;
} catch (const trace::CaptureError&) {
  return {};
}

fs::path prepare_capture(const std::string& directory, bool append) {
  std::error_code error;
  const fs::path path = fs::absolute(directory, error);
  fs::create_directories(path, error);
  if (error) {
    throw CliError(kExitUsage, "the capture directory '" + directory + "' can't be created (" +
                                   error.message() + "): choose another with -o");
  }
  const bool empty = fs::is_empty(path, error);
  if (error) throw CliError(kExitUsage, directory + ": " + error.message());
  if (empty) return path;
  if (process_names(path).empty()) {
    throw CliError(kExitUsage, "'" + directory +
                                   "' holds files that are no capture: choose another "
                                   "directory with -o");
  }
  if (!append) {
    throw CliError(kExitUsage, "'" + directory +
                                   "' already holds a capture: choose another directory "
                                   "with -o, or add to it with --append");
  }
  return path;
}

void require_command(const std::vector<std::string>& command, const std::string& verb) {
  if (!command.empty() && !command.front().empty()) return;
  throw CliError(kExitUsage, "no command to run: fib " + verb + " [OPTIONS] -- CMD...");
}

std::string quoted(const std::vector<std::string>& command) {
  constexpr const char* kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";
  std::string line;
  for (const std::string& word : command) {
    if (!line.empty()) line += ' ';
    if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) {
      line += word;
      continue;
    }
    line += '\'';
    for (const char c : word) line += c == '\'' ? std::string("'\\''") : std::string(1, c);
    line += '\'';
  }
  return line;
}

}  // namespace fib::cli
