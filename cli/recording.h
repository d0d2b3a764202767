// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <iosfwd>
#include <set>
#include <string>
#include <vector>

#include "cli/capture_facts.h"
#include "cli/environment.h"

/// Running a command under the shim: what record, doctor and audit share.
namespace fib::cli {

/// What the shim is told, through the environment. Empty texts leave a variable as it is.
struct ShimSettings {
  std::string mode = "record";
  std::filesystem::path directory;  ///< of the capture; absolute
  std::string filter;               ///< POSIX extended regular expressions
  std::string process;
  std::string config;
  std::string window = {};  ///< see trace/window_spec.h
};

/// Sets the FIBSHIM_ variables. Does not touch LD_PRELOAD.
void apply(const ShimSettings& settings, Environment& environment);

/// Throws CliError if `text` does not describe windows.
void check_window(const std::string& option, const std::string& text);

/// Throws CliError if `pattern` is no POSIX extended regular expression, which is what the shim
/// reads.
void check_regex(const std::string& option, const std::string& pattern);

/// Creates `directory` if need be and returns its absolute path. One that holds something is
/// refused, unless it is a capture and `append` is set. Throws CliError.
[[nodiscard]] std::filesystem::path prepare_capture(const std::string& directory, bool append);

/// Names of the processes that the capture holds; none if it is no capture (yet).
[[nodiscard]] std::set<std::string> process_names(const std::filesystem::path& directory);

/// Throws CliError unless there is a command to run.
void require_command(const std::vector<std::string>& command, const std::string& verb);

/// `command` as a shell would read it.
[[nodiscard]] std::string quoted(const std::vector<std::string>& command);

}  // namespace fib::cli
