// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cli/facts.h"

namespace fib::cli {

/// What the tool knows about a capture.
struct CaptureFacts {
  std::string path;
  std::vector<ProcessFacts> processes;
  std::uint64_t log_bytes = 0;    ///< files of all processes read
  std::uint64_t store_bytes = 0;  ///< files in images/
  std::uint64_t page_bytes = 0;   ///< files in pages/

  [[nodiscard]] std::uint64_t sum(std::uint64_t ProcessFacts::*member) const;
  [[nodiscard]] std::uint64_t executed() const;
  [[nodiscard]] std::uint64_t deviations() const;
  /// Log bytes for one launch of either sort; 0 without launches.
  [[nodiscard]] double bytes_per_launch() const;
};

/// Which processes to read, by the name of their directory; empty: all.
using ProcessFilter = std::function<bool(const std::string& name)>;

/// Reads a capture. Damaged, cut and unclosed logs give what they hold and one warning each; throws
/// CliError(kExitUnreadable) if there is no capture, or no log in it can be read.
[[nodiscard]] CaptureFacts read_capture(const std::string& path, const ProcessFilter& filter = {});

/// A kernel of the capture: same code, same name, over all loads and processes.
struct KernelRow {
  std::string name;   ///< mangled
  std::string image;  ///< hash of its code; empty when not stored
  bool filtered = false, uncountable = false;
  std::uint64_t processes = 0;
  std::uint64_t eager = 0, captured = 0, failed = 0, graph = 0;
  double host_ns = 0;  ///< in launch calls
  std::map<LaunchShape, std::uint64_t> shapes;

  [[nodiscard]] std::uint64_t executed() const { return eager + graph; }
  /// Different grids; block sizes and shared memory aside.
  [[nodiscard]] std::size_t grids() const;
};

[[nodiscard]] std::vector<KernelRow> kernel_rows(const CaptureFacts& capture);

enum class SortKey { Launches, Name, Time, Grid };
/// Names ascend, all else descends; ties go by name.
void sort_rows(std::vector<KernelRow>& rows, SortKey key);

}  // namespace fib::cli
