// SPDX-License-Identifier: Apache-2.0
#include "dispatch/control_report.h"

#include <algorithm>
#include <cstdio>

namespace fib::dispatch {
namespace {

using trace::CandidateCounters;
using trace::CandidateState;
using trace::ControlPage;

/// One line for each candidate that can't be used, as many as fit.
class Report {
 public:
  explicit Report(ControlPage& page) noexcept : page_(page) {
    page_.report_turns.fetch_add(1);  // odd: readers wait
    page_.report[0] = '\0';
  }
  ~Report() { page_.report_turns.fetch_add(1); }
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;

  void add(const CandidateCounters& candidate, const char* state) noexcept {
    const std::size_t room = sizeof page_.report - size_;
    const int length = std::snprintf(page_.report + size_, room, "%s %.180s: %.250s\n", state,
                                     candidate.name, candidate.why);
    if (length > 0 && static_cast<std::size_t>(length) < room)
      size_ += static_cast<std::size_t>(length);
    else
      page_.report[size_] = '\0';
  }

 private:
  ControlPage& page_;
  std::size_t size_ = 0;
};

}  // namespace

void write_report(const trace::CountersPage& counters, ControlPage& page) noexcept {
  const trace::CountersHeader& header = counters.header;
  const std::size_t count = std::min<std::size_t>(
      header.candidate_count.load(std::memory_order_acquire), trace::kMaxCountedCandidates);
  std::uint32_t known = 0, ready = 0;
  Report report(page);
  for (std::size_t i = 0; i < count; ++i) {
    const CandidateCounters& candidate = counters.candidates[i];
    const auto state = static_cast<CandidateState>(candidate.state.load());
    known += state != CandidateState::Unknown ? 1 : 0;
    ready += state == CandidateState::Ready ? 1 : 0;
    if (state == CandidateState::Demoted) report.add(candidate, "demoted");
    if (state == CandidateState::NotLoaded) report.add(candidate, "not loaded");
  }
  page.candidates.store(known);
  page.ready.store(ready);
  page.generation.store(header.generation.load());
  page.is_off.store(header.is_off.load());
}

}  // namespace fib::dispatch
