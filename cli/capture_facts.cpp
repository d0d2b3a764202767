// SPDX-License-Identifier: Apache-2.0
#include "cli/capture_facts.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>

#include "cli/census.h"
#include "cli/open_capture.h"
#include "cli/progress.h"
#include "trace/page_file.h"

namespace fib::cli {
namespace {

namespace fs = std::filesystem;

std::uint64_t bytes_in(const fs::path& directory) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, error)) {
    const std::uint64_t size = entry.file_size(error);
    if (!error) bytes += size;
  }
  return bytes;
}

ProcessFacts read_process(const trace::ProcessLog& log, Progress& progress) {
  Census census(&progress);
  trace::ReadResult result = trace::read_log_file(log.log, census);
  if (!result.message.empty()) spdlog::warn("{}", result.message);
  ProcessFacts facts = census.finish();
  if (!facts.windows.empty()) count_launches(log.log, facts.windows);
  facts.directory = log.name;
  facts.read = std::move(result);
  return facts;
}

std::uint64_t widest_grid(const KernelRow& row) {
  std::uint64_t widest = 0;
  for (const auto& [shape, count] : row.shapes) {
    widest = std::max(widest, std::uint64_t{shape.grid[0]} * shape.grid[1] * shape.grid[2]);
  }
  return widest;
}

void merge(KernelRow& row, const ProcessFacts& process, const KernelFacts& kernel) {
  row.filtered = row.filtered || kernel.filtered;
  row.uncountable = row.uncountable || kernel.uncountable;
  row.eager += kernel.eager;
  row.captured += kernel.captured;
  row.failed += kernel.failed;
  row.graph += kernel.graph;
  row.host_ns += process.clock.duration(kernel.host_ticks);
  for (const auto& [shape, count] : kernel.shapes) row.shapes[shape] += count;
}

}  // namespace

std::uint64_t CaptureFacts::sum(std::uint64_t ProcessFacts::*member) const {
  return std::accumulate(
      processes.begin(), processes.end(), std::uint64_t{0},
      [member](std::uint64_t sum, const ProcessFacts& process) { return sum + process.*member; });
}

std::uint64_t CaptureFacts::executed() const {
  std::uint64_t sum = 0;
  for (const ProcessFacts& process : processes) sum += process.executed();
  return sum;
}

std::uint64_t CaptureFacts::deviations() const {
  std::uint64_t sum = 0;
  for (const ProcessFacts& process : processes) sum += process.deviation_count();
  return sum;
}

double CaptureFacts::bytes_per_launch() const {
  const std::uint64_t launches = sum(&ProcessFacts::launches) + sum(&ProcessFacts::graph_launches);
  return launches == 0 ? 0 : static_cast<double>(log_bytes) / static_cast<double>(launches);
}

CaptureFacts read_capture(const std::string& path, const ProcessFilter& filter) {
  const trace::Capture capture = open_capture(path);
  CaptureFacts facts;
  facts.path = path;
  facts.store_bytes = bytes_in(capture.directory / "images");
  facts.page_bytes = bytes_in(trace::pages_path(capture));
  Progress progress("reading " + path);
  std::size_t refused = 0, at = 0;
  for (const trace::ProcessLog& log : capture.processes) {
    progress.step("process " + std::to_string(++at) + '/' +
                  std::to_string(capture.processes.size()));
    if (filter && !filter(log.name)) continue;
    facts.processes.push_back(read_process(log, progress));
    facts.log_bytes += facts.processes.back().read.file_bytes;
    refused += facts.processes.back().read.status == trace::ReadStatus::Refused;
  }
  if (refused > 0 && refused == facts.processes.size()) {
    throw CliError(kExitUnreadable, path + ": none of its logs can be read (see above)");
  }
  return facts;
}

std::size_t KernelRow::grids() const {
  std::set<std::array<std::uint32_t, 3>> grids;
  for (const auto& [shape, count] : shapes) grids.insert(shape.grid);
  return grids.size();
}

std::vector<KernelRow> kernel_rows(const CaptureFacts& capture) {
  std::map<std::pair<std::string, std::string>, KernelRow> rows;
  for (const ProcessFacts& process : capture.processes) {
    std::set<std::pair<std::string, std::string>> seen;
    for (const auto& [id, kernel] : process.kernels) {
      const std::pair key{kernel.image, process.kernel_name(id)};
      KernelRow& row = rows[key];
      std::tie(row.image, row.name) = key;
      row.processes += seen.insert(key).second;
      merge(row, process, kernel);
    }
  }
  std::vector<KernelRow> result;
  for (auto& [key, row] : rows) result.push_back(std::move(row));
  return result;
}

void sort_rows(std::vector<KernelRow>& rows, SortKey key) {
  const auto rank = [key](const KernelRow& row) -> double {
    switch (key) {
      case SortKey::Launches: return -static_cast<double>(row.executed());
      case SortKey::Time: return -row.host_ns;
      case SortKey::Grid: return -static_cast<double>(widest_grid(row));
      case SortKey::Name: return 0;
    }
    return 0;
  };
  std::stable_sort(rows.begin(), rows.end(), [&](const KernelRow& a, const KernelRow& b) {
    return std::pair(rank(a), std::string_view(a.name)) <
           std::pair(rank(b), std::string_view(b.name));
  });
}

}  // namespace fib::cli
