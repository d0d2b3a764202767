// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/verb.h"

namespace fib::cli {

/// What `fib export --workloads` was asked for.
struct WorkloadExport {
  std::string registry;  ///< root
  std::string policy = "keep_first_k_by_axes";
  std::size_t k = 1;
  std::string budget = "2G";  ///< of tensors: bytes, or with K, M, G or T
  std::string definition;     ///< regular expression
  std::string cases;          ///< where extracts are kept; empty: nowhere
  std::vector<int> devices;
  double timeout_seconds = 60;
  bool force = false;
};

/// Bytes of "1500", "2G" (1024s). Throws CliError that names `option`.
[[nodiscard]] std::uint64_t parse_size(const std::string& option, const std::string& text);

/// Writes captured launches to the registry as Workloads. Returns the exit code; throws CliError.
int export_captured(const Context& context, const std::string& capture,
                    const WorkloadExport& request);

}  // namespace fib::cli
