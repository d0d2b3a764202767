// SPDX-License-Identifier: Apache-2.0
#include "cli/audit_compare.h"

#include <algorithm>
#include <cstdlib>

#include "cli/units.h"

namespace fib::cli {
namespace {

struct Pair {
  std::uint64_t witness = 0, capture = 0;
  bool uncountable = false;
};
using Pairs = std::map<std::string, Pair>;

std::uint64_t magnitude(std::int64_t value) {
  return static_cast<std::uint64_t>(std::llabs(value));
}

// Largest differences first, then what ran most.
std::vector<AuditRow> rows_of(const Pairs& pairs) {
  std::vector<AuditRow> rows;
  for (const auto& [name, pair] : pairs) {
    if (pair.witness == 0 && pair.capture == 0 && !pair.uncountable) continue;
    rows.push_back({name, pair.witness, pair.capture, pair.uncountable});
  }
  std::stable_sort(rows.begin(), rows.end(), [](const AuditRow& a, const AuditRow& b) {
    return std::pair(magnitude(a.difference()), a.witness) >
           std::pair(magnitude(b.difference()), b.witness);
  });
  return rows;
}

void add_capture(Pairs& pairs, AuditProcess& process, const ProcessFacts& facts) {
  process.in_capture = true;
  process.capture += facts.executed();
  if (process.command.empty()) process.command = facts.text("command");
  for (const auto& [id, kernel] : facts.kernels) {
    Pair& pair = pairs[facts.kernel_name(id)];
    pair.capture += kernel.executed();
    pair.uncountable = pair.uncountable || kernel.uncountable || kernel.filtered;
  }
}

void add_witness(Pairs& pairs, AuditProcess& process, const WitnessCounts& counts) {
  process.in_witness = true;
  if (!counts.command.empty()) process.command = counts.command;
  for (const auto& [name, count] : counts.kernels) {
    process.witness += count;
    pairs[name].witness += count;
  }
}

void note(std::vector<std::string>& reasons, std::uint64_t count, const std::string& noun,
          const std::string& why) {
  if (count > 0) reasons.push_back(format_count(count, noun) + ' ' + why);
}

std::vector<std::string> uncountable_reasons(const CaptureFacts& capture) {
  std::uint64_t conditional = 0, filtered = 0, device_launched = 0, damaged = 0;
  for (const ProcessFacts& process : capture.processes) {
    for (const auto& [id, kernel] : process.kernels) {
      conditional += kernel.uncountable;
      filtered += kernel.filtered;
    }
    for (const auto& [key, count] : process.deviations) {
      const bool device =
          key.first == static_cast<std::uint32_t>(trace::Deviation::DeviceGraphLaunch);
      if (device) device_launched += count;
    }
    damaged += process.read.status == trace::ReadStatus::Truncated ||
               process.read.status == trace::ReadStatus::Damaged;
  }
  std::vector<std::string> reasons;
  note(reasons, conditional, "kernel", "ran in bodies of conditional graph nodes");
  note(reasons, filtered, "kernel", "left out by the filter");
  note(reasons, device_launched, "graph", "that kernels may launch themselves");
  note(reasons, capture.sum(&ProcessFacts::unseen_graph_launches), "launch",
       "of graphs instantiated out of sight");
  note(reasons, capture.sum(&ProcessFacts::unmatched_graph_updates), "update",
       "of graph nodes that the capture does not hold");
  note(reasons, damaged, "log", "damaged or cut");
  return reasons;
}

}  // namespace

std::int64_t AuditRow::difference() const {
  return static_cast<std::int64_t>(capture) - static_cast<std::int64_t>(witness);
}

// Differences of one kernel in two processes must not cancel out, so processes count, not sums.
std::uint64_t AuditReport::difference() const {
  std::uint64_t sum = 0;
  for (const AuditProcess& process : processes) {
    for (const AuditRow& row : process.differences) sum += magnitude(row.difference());
  }
  return sum;
}

bool AuditReport::clean() const {
  return difference() == 0 && witness_dropped == 0 && capture_dropped == 0 && uncountable.empty();
}

AuditReport compare(const std::vector<WitnessCounts>& witnesses, const CaptureFacts& capture) {
  AuditReport report;
  Pairs all;
  std::map<std::uint32_t, std::pair<AuditProcess, Pairs>> by_pid;
  for (const WitnessCounts& counts : witnesses) {
    auto& [process, pairs] = by_pid[counts.pid];
    add_witness(pairs, process, counts);
    report.witness_dropped += counts.dropped;
  }
  for (const ProcessFacts& facts : capture.processes) {
    auto& [process, pairs] = by_pid[facts.process.pid];
    add_capture(pairs, process, facts);
    report.capture_dropped += facts.dropped_records;
  }
  for (auto& [pid, entry] : by_pid) {
    auto& [process, pairs] = entry;
    process.pid = pid;
    for (const auto& [name, pair] : pairs) {
      Pair& sum = all[name];
      sum.witness += pair.witness;
      sum.capture += pair.capture;
      sum.uncountable = sum.uncountable || pair.uncountable;
    }
    process.differences = rows_of(pairs);
    std::erase_if(process.differences, [](const AuditRow& row) { return row.difference() == 0; });
    report.witness += process.witness;
    report.capture += process.capture;
    report.processes.push_back(std::move(process));
  }
  report.rows = rows_of(all);
  report.uncountable = uncountable_reasons(capture);
  return report;
}

}  // namespace fib::cli
