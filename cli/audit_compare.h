// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cli/capture_facts.h"

/// Compares what a capture says a program ran with what an independent witness counted.
namespace fib::cli {

using KernelCounts = std::map<std::string, std::uint64_t>;  ///< executions by mangled name

/// What the witness counted in one process.
struct WitnessCounts {
  std::uint32_t pid = 0;
  std::string command;
  KernelCounts kernels;
  std::uint64_t dropped = 0;  ///< records that it lost itself
  std::string error;          ///< why it could not count; empty otherwise
};

struct AuditRow {
  std::string name;
  std::uint64_t witness = 0, capture = 0;
  bool uncountable = false;  ///< the capture can only tell that it may have run
  [[nodiscard]] std::int64_t difference() const;  ///< capture minus witness
};

struct AuditProcess {
  std::uint32_t pid = 0;
  std::string command;
  bool in_witness = false, in_capture = false;
  std::uint64_t witness = 0, capture = 0;
  std::vector<AuditRow> differences;  ///< rows that differ in this process
};

struct AuditReport {
  std::vector<AuditRow> rows;  ///< over all processes; the largest differences first
  std::vector<AuditProcess> processes;
  std::uint64_t witness = 0, capture = 0;
  std::uint64_t witness_dropped = 0, capture_dropped = 0;
  std::vector<std::string> uncountable;  ///< one sentence for each reason

  /// Sum of the absolute differences over kernels and processes.
  [[nodiscard]] std::uint64_t difference() const;
  /// No difference in any process, nothing lost, nothing that could not be counted.
  [[nodiscard]] bool clean() const;
};

[[nodiscard]] AuditReport compare(const std::vector<WitnessCounts>& witnesses,
                                  const CaptureFacts& capture);

/// Reads the audit library's audit-<pid>.json files. Throws CliError for a damaged one.
[[nodiscard]] std::vector<WitnessCounts> read_cupti_counts(const std::string& directory);

/// Reads FILE.<pid> files of lines "count name". Throws CliError for a damaged one.
[[nodiscard]] std::vector<WitnessCounts> read_count_files(const std::string& file);

}  // namespace fib::cli
