// SPDX-License-Identifier: Apache-2.0
#include "replayer/window_verdict.h"

#include <set>

namespace fib::replayer {
namespace {

constexpr std::size_t kExamples = 20;

bool same_in_all(const std::vector<RunResult>& runs, std::uint32_t page) {
  for (const RunResult& run : runs)
    if (run.hashes[page] != runs.front().hashes[page]) return false;
  return true;
}

/// Pages that differ from the recording or between runs.
std::set<std::uint32_t> suspects(const Plan& plan, const std::vector<RunResult>& runs) {
  std::set<std::uint32_t> pages;
  for (const RunResult& run : runs)
    for (const PageDifference& difference : run.differences) pages.insert(difference.page);
  for (std::uint32_t page = 0; page < plan.pages && runs.size() > 1; ++page)
    if (!same_in_all(runs, page)) pages.insert(page);
  return pages;
}

void add_page(const Plan& plan, std::uint32_t page, bool nondeterministic, ReplayReport& report) {
  const RegionPlan& region = plan.region_of(page);
  ++report.different_pages;
  if (nondeterministic) ++report.nondeterministic_pages;
  if (report.examples.size() >= kExamples) return;
  report.examples.push_back(
      {region.fixed.address + std::uint64_t{page - region.first_page} * trace::kPageBytes,
       describe_page(plan, page), nondeterministic});
}

void set_all(LaunchTable& launches, Verdict verdict, const std::string& reason) {
  for (LaunchResult& launch : launches.all()) {
    if (launch.verdict != Verdict::Unverified) continue;
    launch.verdict = verdict;
    if (verdict == Verdict::Exact || launch.reason.empty()) launch.reason = reason;
  }
}

std::uint64_t count(const LaunchTable& launches, Verdict verdict) {
  std::uint64_t number = 0;
  for (const LaunchResult& launch : launches.all())
    if (launch.verdict == verdict) ++number;
  return number;
}

/// What differs is explained where some launches are nondeterministic and none is otherwise wrong.
bool is_explained(const LaunchTable& launches) {
  return count(launches, Verdict::Nondeterministic) > 0 &&
         count(launches, Verdict::Mismatch) == 0 && count(launches, Verdict::NotReplayable) == 0;
}

void judge(const Plan& plan, const LaunchTable& launches, ReplayReport& report) {
  const std::string pages = std::to_string(report.different_pages);
  if (report.nondeterministic_pages > 0) {
    report.window_verdict = Verdict::Nondeterministic;
    report.window_text = "runs of the same window differ from each other in " +
                         std::to_string(report.nondeterministic_pages) + " pages";
  } else if (!plan.window.digests) {
    report.window_text = plan.window.closed
                             ? "the outcome was not recorded; all runs agree"
                             : "the recording ends within the window; all runs agree";
  } else if (report.different_pages > 0 && is_explained(launches)) {
    report.window_verdict = Verdict::Nondeterministic;
    report.window_text = pages + " pages are not as recorded: " +
                         std::to_string(count(launches, Verdict::Nondeterministic)) +
                         " launches do something else every time";
  } else if (report.different_pages > 0) {
    report.window_verdict = Verdict::Mismatch;
    report.window_text =
        pages + " pages are not as recorded, in all " + std::to_string(report.runs) + " runs";
  } else if (report.pages == 0) {
    report.window_text = "no memory is left at the end of the window that could be compared";
  } else {
    report.window_verdict = Verdict::Exact;
    report.window_text = "every byte is as recorded";
  }
}

}  // namespace

void judge_window(Machine& machine, const std::vector<RunResult>& runs, const LaunchTable& launches,
                  ReplayReport& report) {
  const Plan& plan = machine.plan;
  report.window_verdict = Verdict::Unverified;
  report.pages = machine.table.live_pages().size();
  for (const std::uint32_t page : suspects(plan, runs)) {
    const bool agree = same_in_all(runs, page);
    if (agree && !plan.window.digests) continue;
    // The program itself may write host memory at any time; that is not recorded.
    if (plan.region_of(page).on_host() && agree)
      ++report.host_pages;
    else if (agree || machine.table.recorded(page).has_value())
      add_page(plan, page, !agree, report);
  }
  judge(plan, launches, report);
}

void judge_launches(const LaunchTable& launches, ReplayReport& report) {
  if (report.window_verdict != Verdict::Unverified && report.window_verdict != Verdict::Exact)
    return;
  const std::uint64_t all = launches.all().size();
  if (count(launches, Verdict::Mismatch) > 0) {
    report.window_verdict = Verdict::Mismatch;
    report.window_text = "launches do not do what they did in the recording";
  } else if (count(launches, Verdict::Exact) + count(launches, Verdict::Effect) == all && all > 0 &&
             report.window_verdict == Verdict::Unverified) {
    report.window_verdict = Verdict::Exact;
    report.window_text = "every launch is as recorded";
  }
}

void judge_points(const std::optional<Divergence>& divergence, LaunchTable& launches,
                  ReplayReport& report) {
  if (!divergence) {
    if (report.window_verdict != Verdict::Unverified) return;
    report.window_verdict = Verdict::Exact;
    report.window_text = "every byte is as recorded, wherever the recording knows it";
    return;
  }
  const Verdict verdict =
      divergence->nondeterministic ? Verdict::Nondeterministic : Verdict::Mismatch;
  report.first_divergence = divergence->text;
  if (report.window_verdict == Verdict::Exact || report.window_verdict == Verdict::Unverified)
    report.window_text = "memory is not as recorded within the window";
  report.window_verdict = verdict;
  for (LaunchResult& launch : launches.all()) {
    if (launch.verdict != Verdict::Unverified) continue;
    if (launch.number < divergence->first_launch) {
      launch.verdict = Verdict::Exact;
    } else if (launch.number == divergence->first_launch &&
               launch.number == divergence->last_launch) {
      launch.verdict = verdict;
      launch.reason = divergence->nondeterministic
                          ? "two runs differ"
                          : "two runs agree, and differ from the recording";
    } else {
      launch.reason = "memory differs from the recording since launch " +
                      std::to_string(divergence->first_launch) + "; see --verify launch";
    }
  }
}

void spread_verdict(LaunchTable& launches, const ReplayReport& report) {
  if (report.window_verdict == Verdict::Exact)
    set_all(launches, Verdict::Exact, "");
  else if (report.verify == "none" || report.window_verdict == Verdict::Unverified)
    set_all(launches, Verdict::Unverified, report.window_text);
  else
    set_all(launches, Verdict::Unverified,
            "the outcome of the window differs; see --verify launch");
}

}  // namespace fib::replayer
