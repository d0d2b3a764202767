// SPDX-License-Identifier: Apache-2.0
#include "replayer/launch_verifier.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "driver/check.h"
#include "replayer/divergence.h"

namespace fib::replayer {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// Seconds until a launch counts as waiting for a later one.
constexpr double kPatience = 1.0;

bool writes_memory(const Operation& operation) {
  if (operation.is_effect() || !operation.payloads.empty()) return true;
  if (std::holds_alternative<BirthPlan>(operation.what)) return true;
  const auto* call = std::get_if<CallPlan>(&operation.what);
  if (call == nullptr) return false;
  const std::string_view base = call->api->base;
  return base.starts_with("cuMemcpy") || base.starts_with("cuMemset") ||
         base.starts_with("cuStreamWriteValue") || base.starts_with("cuStreamBatchMemOp");
}

}  // namespace

// ---- running ------------------------------------------------------------------------------------

void LaunchVerifier::run() {
  m_.progress.phase("running launch by launch");
  shadow_.look();
  for (std::size_t i = 0; i < m_.plan.operations.size(); ++i) {
    const Operation& operation = m_.plan.operations[i];
    announce(m_, launches_, launches_.of(i));
    if (launches_.of(i).empty() || operation.is_effect())
      run_other(i);
    else
      run_launches(i);
    if (!operation.point) continue;
    end_pending();
    m_.table.pass(*operation.point);
    checkpoint();
  }
  end_pending();
  m_.table.pass_end();
  if (m_.plan.window.digests)
    checkpoint();
  else
    judge_without_record();
}

/// What has no verdict of its own, and effects.
void LaunchVerifier::run_other(std::size_t index) {
  const Operation& operation = m_.plan.operations[index];
  if (operation.is_effect()) end_pending();
  // What launches changed is not to be mixed up with what this changes.
  if (writes_memory(operation) && group_.empty()) settle(false);
  note_outcome(operation, executor_.run(index), launches_.of(index));
  if (writes_memory(operation)) dirty_ = true;
}

void LaunchVerifier::run_launches(std::size_t index) {
  const Operation& operation = m_.plan.operations[index];
  executor_.apply_payloads(operation);
  if (!operation.payloads.empty()) dirty_ = true;
  if (group_.empty()) settle(false);
  for (const Unit& unit : units_of(index)) run_unit(unit);
  for (const std::uint32_t region : operation.deaths) m_.table.death(region);
}

/// The nodes of a graph launch, one by one where that can be: an order of theirs is always a legal
/// schedule, also for kernels that may overlap (programmatic dependent launch).
std::vector<LaunchVerifier::Unit> LaunchVerifier::units_of(std::size_t index) {
  const auto* graph = std::get_if<GraphLaunchPlan>(&m_.plan.operations[index].what);
  if (graph == nullptr || !graph->graph || !graph_obstacle(*graph->graph).empty())
    return {{index, std::nullopt}};
  std::vector<Unit> units;
  for (const std::uint32_t node : graph->graph->order) units.push_back({index, node});
  return units;
}

std::vector<LaunchResult*> LaunchVerifier::launches_of(const Unit& unit) {
  std::vector<LaunchResult*> result;
  if (unit.node) {
    if (LaunchResult* launch = launches_.of(unit.operation, *unit.node)) result.push_back(launch);
  } else {
    for (LaunchResult& launch : launches_.of(unit.operation)) result.push_back(&launch);
  }
  return result;
}

Outcome LaunchVerifier::issue(const Unit& unit) {
  return unit.node ? executor_.issue_node(unit.operation, *unit.node)
                   : executor_.issue(unit.operation);
}

void LaunchVerifier::run_unit(const Unit& unit) {
  const std::vector<LaunchResult*> mine = launches_of(unit);
  if (!mine.empty()) m_.progress.launch(mine[0]->number, launches_.kernel_name(*mine[0]));
  const Outcome outcome = issue(unit);
  if (!outcome.ran) {
    for (LaunchResult* launch : mine) {
      launch->verdict = Verdict::NotReplayable;
      launch->reason = outcome.problem;
      if (suspect_.empty()) suspect_ = "launch " + std::to_string(launch->number);
    }
    return;
  }
  group_.push_back(unit);
  CUevent done = nullptr;
  const CUstream stream = executor_.stream_of(m_.plan.operations[unit.operation]);
  FIB_DRIVER_CHECK(m_.api, cuEventCreate(&done, CU_EVENT_DISABLE_TIMING));
  running_.push_back(done);
  FIB_DRIVER_CHECK(m_.api, cuEventRecord(done, stream));
  end_group();
}

/// Waits for the group; one that goes on running stays, and what comes next joins it.
void LaunchVerifier::end_group() {
  const auto start = SteadyClock::now();
  while (!running_.empty()) {
    const CUresult rc = m_.api.cuEventQuery(running_.front());
    const double waited = std::chrono::duration<double>(SteadyClock::now() - start).count();
    if (rc == CUDA_ERROR_NOT_READY) {
      if (waited > kPatience) return;
      if (waited > 0.0005) std::this_thread::sleep_for(std::chrono::microseconds(50));
      continue;
    }
    if (rc != CUDA_SUCCESS) throw ReplayFailed("the GPU reports " + result_name(m_.api, rc));
    FIB_DRIVER_CHECK(m_.api, cuEventDestroy_v2(running_.front()));
    running_.erase(running_.begin());
  }
  settle(true);
}

/// Waits without limit for what still runs; the watcher has a limit.
void LaunchVerifier::end_pending() {
  if (group_.empty()) return settle(false);
  const std::vector<LaunchResult*> first = launches_of(group_.front());
  if (!first.empty()) m_.progress.launch(first[0]->number, launches_.kernel_name(*first[0]));
  executor_.synchronize();
  for (const CUevent event : running_) FIB_DRIVER_CHECK(m_.api, cuEventDestroy_v2(event));
  running_.clear();
  settle(true);
}

/// The GPU has done all that was issued: takes note of what changed. Without a group it is not the
/// doing of launches.
void LaunchVerifier::settle(bool with_rerun) {
  if (!with_rerun && !dirty_) return;
  executor_.synchronize();
  const bool mixed = dirty_;  // something else wrote meanwhile: nothing to run again
  dirty_ = false;
  if (group_.empty()) {
    add_step({}, shadow_.look());
    return;
  }
  Step step;
  for (const Unit& unit : group_)
    for (LaunchResult* launch : launches_of(unit)) step.launches.push_back(launch);
  if (group_.size() > 1)
    for (LaunchResult* launch : step.launches) launch->group = step.launches.front()->number;
  std::vector<std::uint32_t> changed = shadow_.changes();
  if (!mixed && !step.launches.empty()) rerun(changed, step);
  group_.clear();
  changed = shadow_.look();
  add_step(std::move(step), changed);
}

/// Runs the group again from the same memory.
void LaunchVerifier::rerun(const std::vector<std::uint32_t>& changed, Step& step) {
  const std::vector<trace::Hash> hashes = shadow_.changed_hashes();
  std::vector<std::uint32_t> known;
  for (const std::uint32_t page : changed)
    if (shadow_.knows(page)) known.push_back(page);
  shadow_.put_back(known);
  for (const Unit& unit : group_) (void)issue(unit);
  executor_.synchronize();
  const std::vector<std::uint32_t> again = shadow_.changes();
  std::map<std::uint32_t, trace::Hash> first;
  for (std::size_t i = 0; i < changed.size(); ++i) first[changed[i]] = hashes[i];
  std::vector<std::uint32_t> unstable;
  for (std::size_t i = 0; i < again.size(); ++i) {
    const auto found = first.find(again[i]);
    if (found == first.end() || found->second != shadow_.changed_hashes()[i])
      unstable.push_back(again[i]);
    if (found != first.end()) first.erase(found);
  }
  for (const auto& [page, hash] : first) unstable.push_back(page);  // changed the first time only
  step.unstable = static_cast<std::uint32_t>(unstable.size());
  if (!unstable.empty())
    name_divergence(*step.launches.front(), "two runs from the same input differ in " +
                                                describe_page(m_.plan, unstable[0]));
}

void LaunchVerifier::add_step(Step step, const std::vector<std::uint32_t>& changed) {
  for (const std::uint32_t page : changed) {
    const auto [place, fresh] = writer_.try_emplace(page, steps_.size());
    if (!fresh) steps_[place->second].pages.erase(page);
    place->second = steps_.size();
    step.pages.insert(page);
  }
  steps_.push_back(std::move(step));
}

// ---- judging ------------------------------------------------------------------------------------

std::vector<std::uint32_t> LaunchVerifier::differences() {
  std::vector<std::uint32_t> pages;
  for (const std::uint32_t page : m_.table.live_pages()) {
    const auto& recorded = m_.table.recorded(page);
    // Host memory may have been written by the program itself.
    if (recorded && *recorded != shadow_.hash(page) && shadow_.knows(page) &&
        !m_.plan.region_of(page).on_host())
      pages.push_back(page);
  }
  return pages;
}

void LaunchVerifier::blame(const std::vector<std::uint32_t>& differences) {
  for (const std::uint32_t page : differences) {
    const auto found = writer_.find(page);
    if (found != writer_.end())
      steps_[found->second].bad = true;
    else if (steps_.size() == 1)  // it did not write what it should have written
      steps_[0].bad = true;
    else  // one of them did not, or what is not replayable at all
      for (Step& step : steps_) step.doubtful = true;
  }
}

void LaunchVerifier::judge(Step& step) {
  Verdict verdict = Verdict::Exact;
  std::string reason;
  if (step.unstable > 0) {
    verdict = Verdict::Nondeterministic;
    reason = "two runs from the same input differ in " + std::to_string(step.unstable) +
             (step.unstable == 1 ? " page" : " pages");
  } else if (step.bad && suspect_.empty()) {
    verdict = Verdict::Mismatch;
    reason = "two runs from the same input agree, and differ from the recording";
  } else if (step.bad) {
    verdict = Verdict::Unverified;
    reason = "its input differs from the recorded one since " + suspect_;
  }
  if (verdict == Verdict::Exact && step.doubtful) {
    verdict = Verdict::Unverified;
    reason = "pages differ from the recording, and nothing is known of who wrote them";
  }
  for (LaunchResult* launch : step.launches) {
    launch->verdict = verdict;
    launch->reason = reason;
  }
  if (!suspect_.empty() || verdict == Verdict::Exact || step.doubtful) return;
  suspect_ = step.launches.empty() ? "a copy or another call"
                                   : "launch " + std::to_string(step.launches.front()->number);
}

/// At the end of a window whose outcome is not known.
void LaunchVerifier::judge_without_record() {
  for (Step& step : steps_) {
    if (step.unstable > 0) {
      judge(step);
      continue;
    }
    for (LaunchResult* launch : step.launches)
      launch->reason = "two runs from the same input agree; the recorded outcome is not known";
  }
}

void LaunchVerifier::name_mismatch(const Step& step, const std::vector<std::uint32_t>& different) {
  if (step.launches.empty() || step.launches[0]->verdict != Verdict::Mismatch) return;
  for (const std::uint32_t page : different) {
    const auto found = writer_.find(page);
    if (found != writer_.end() && &steps_[found->second] != &step) continue;
    return name_divergence(*step.launches[0], "other content than in the recording in " +
                                                  describe_page(m_.plan, page) +
                                                  first_different_word(m_, page));
  }
}

void LaunchVerifier::checkpoint() {
  if (dirty_) settle(false);
  const std::vector<std::uint32_t> different = differences();
  blame(different);
  for (Step& step : steps_) {
    judge(step);
    name_mismatch(step, different);
  }
  if (repair(different)) suspect_.clear();
  steps_.clear();
  writer_.clear();
}

/// Sets memory right, so that what comes gets the recorded input. False where that can't be done.
bool LaunchVerifier::repair(const std::vector<std::uint32_t>& different) {
  bool all = true;
  std::vector<std::uint32_t> written;
  for (const std::uint32_t page : different) {
    const trace::Bytes content =
        m_.contents.read(*m_.table.recorded(page), m_.pages.bytes_of(page));
    if (content.empty()) {
      all = false;
      continue;
    }
    m_.pages.write(page, content);
    written.push_back(page);
  }
  m_.pages.flush();
  for (const std::uint32_t page : written) shadow_.set(page, *m_.table.recorded(page));
  return all;
}

void LaunchVerifier::name_divergence(const LaunchResult& launch, const std::string& what) {
  if (!first_divergence_.empty()) return;
  first_divergence_ = "launch " + std::to_string(launch.number) + ", " +
                      launches_.kernel_name(launch) + ": " + what;
}

}  // namespace fib::replayer
