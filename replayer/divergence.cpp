// SPDX-License-Identifier: Apache-2.0
#include "replayer/divergence.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "replayer/operations/executor.h"
#include "replayer/window_run.h"

namespace fib::replayer {
namespace {

/// Without host memory: the program may have written that.
std::vector<PageDifference> differences_on_gpu(Machine& machine) {
  std::vector<PageDifference> differences = machine.table.compare(nullptr);
  std::erase_if(differences, [&](const PageDifference& difference) {
    return machine.plan.region_of(difference.page).on_host();
  });
  return differences;
}

std::string name_of(const LaunchTable& launches, const LaunchResult& launch) {
  return "launch " + std::to_string(launch.number) + ", " + launches.kernel_name(launch);
}

/// "launch 9, add" or "one of the launches 7 to 9, the last being launch 9, add".
std::string describe(const LaunchTable& launches, const LaunchResult& first,
                     const LaunchResult& last) {
  if (first.number == last.number) return name_of(launches, last);
  return "one of the launches " + std::to_string(first.number) + " to " +
         std::to_string(last.number) + ", the last being " + name_of(launches, last);
}

}  // namespace

std::string first_different_word(Machine& machine, std::uint32_t page) {
  const std::uint32_t bytes = machine.pages.bytes_of(page);
  const auto& hash = machine.table.recorded(page);
  if (!hash) return {};
  const trace::Bytes stored = machine.contents.read(*hash, bytes);
  if (stored.empty()) return {};
  const std::vector<std::byte> recorded(stored.begin(), stored.end());
  const std::vector<std::byte> here = machine.pages.read(page);
  for (std::size_t at = 0; at < bytes; at += 8) {
    const std::size_t width = std::min<std::size_t>(8, bytes - at);
    std::uint64_t was = 0, is = 0;
    std::memcpy(&was, recorded.data() + at, width);
    std::memcpy(&is, here.data() + at, width);
    if (was == is) continue;
    const RegionPlan& region = machine.plan.region_of(page);
    const std::uint64_t address =
        region.fixed.address + std::uint64_t{page - region.first_page} * trace::kPageBytes + at;
    char text[120];
    std::snprintf(text, sizeof text, ", at 0x%llx: 0x%llx, recorded was 0x%llx",
                  static_cast<unsigned long long>(address), static_cast<unsigned long long>(is),
                  static_cast<unsigned long long>(was));
    return text;
  }
  return {};
}

namespace {

/// One run, up to the first point that differs.
struct PointRun {
  std::size_t operation = 0;  ///< of that point
  std::vector<PageDifference> differences;
  const LaunchResult* first = nullptr;  ///< launches since the last point that agreed
  const LaunchResult* last = nullptr;
};

/// `stop`: the operation of the only point to compare at; nothing: all of them.
PointRun run_to_difference(Machine& machine, LaunchTable& launches,
                           std::optional<std::size_t> stop) {
  machine.restore();
  machine.progress.phase("comparing at the recorded points");
  Executor executor(machine, launches);
  PointRun result;
  for (std::size_t i = 0; i < machine.plan.operations.size(); ++i) {
    const Operation& operation = machine.plan.operations[i];
    const std::span<LaunchResult> mine = launches.of(i);
    announce(machine, launches, mine);
    note_outcome(operation, executor.run(i), mine);
    if (!mine.empty()) {
      if (result.first == nullptr) result.first = &mine.front();
      result.last = &mine.back();
    }
    if (!operation.point) continue;
    executor.synchronize();
    machine.table.pass(*operation.point);
    if (stop && *stop != i) continue;
    result.operation = i;
    result.differences = differences_on_gpu(machine);
    if (!result.differences.empty() || stop) return result;
    result.first = result.last = nullptr;
  }
  result.differences.clear();
  return result;
}

bool same(const std::vector<PageDifference>& a, const std::vector<PageDifference>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.page == y.page && x.here == y.here;
  });
}

}  // namespace

bool has_points(const Plan& plan) {
  return std::any_of(plan.operations.begin(), plan.operations.end(),
                     [](const Operation& operation) { return operation.point.has_value(); });
}

std::optional<Divergence> find_divergence(Machine& machine, LaunchTable& launches) {
  const PointRun run = run_to_difference(machine, launches, std::nullopt);
  if (run.differences.empty()) return std::nullopt;
  Divergence result;
  const std::uint32_t page = run.differences.front().page;
  result.text =
      (run.last != nullptr ? describe(launches, *run.first, *run.last) : std::string("a copy")) +
      ": other content than in the recording in " + describe_page(machine.plan, page) +
      first_different_word(machine, page);
  if (run.last != nullptr) {
    result.first_launch = run.first->number;
    result.last_launch = run.last->number;
  }
  const PointRun again = run_to_difference(machine, launches, run.operation);
  result.nondeterministic = !same(run.differences, again.differences);
  return result;
}

}  // namespace fib::replayer
