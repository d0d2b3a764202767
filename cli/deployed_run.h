// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/counters_file.h"
#include "cli/environment.h"

/// Running a command with a registry's winners in place of its kernels: what run and qualify share.
namespace fib::cli {

struct Deployment {
  std::filesystem::path registry;    ///< absolute
  bool shadow = false;               ///< compare, and replace nothing
  std::vector<std::string> demoted;  ///< Solutions that are not to be used
  std::string process;               ///< only processes whose command line matches
  std::string config;                ///< the shim's configuration file; absolute, or empty
  std::string report;                ///< FIBSHIM_REPORT, with a %p; absolute
};

/// Absolute path of the registry. Throws CliError unless it is a directory.
[[nodiscard]] std::filesystem::path deployed_registry(const std::string& path);

/// Puts the shim in front of the command, and says what it is to do. Throws CliError if there is no
/// shim, and for names that FIBSHIM_DEMOTE can't hold.
void deploy(const Deployment& deployment, Environment& environment);

/// The reports that processes left under this name, whose %p stands for their numbers. What can't
/// be read is left out, and said on stderr.
[[nodiscard]] std::vector<CountersReport> read_reports(const std::string& name);

}  // namespace fib::cli
