// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>

#include "audit/kernel_counter.h"

namespace fib::audit {

/// What one process has to tell `fib audit`.
struct Report {
  pid_t pid = 0;
  std::string command;
  std::uint32_t cupti_version = 0;
  std::string error;  ///< why nothing could be counted; empty when counting worked
  Counts counts;
};

/// The report as one line of JSON.
[[nodiscard]] std::string to_json(const Report& report);

/// Writes `directory`/audit-<pid>.json under a temporary name and renames it; 0 or an errno.
[[nodiscard]] int write_report(const std::string& directory, const Report& report);

/// The arguments of this process, joined by spaces.
[[nodiscard]] std::string own_command();

}  // namespace fib::audit
