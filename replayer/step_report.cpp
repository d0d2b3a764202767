// SPDX-License-Identifier: Apache-2.0
#include "replayer/step_report.h"

#include <algorithm>

#include "replayer/bubbles.h"
#include "replayer/steps.h"

namespace fib::replayer {
namespace {

/// One launch, or one graph launch: what it is, and which spans are its kernels.
struct LaunchCall {
  std::uint64_t token;
  std::size_t first, end;
};

constexpr std::uint64_t kFnvStart = 0xcbf29ce484222325, kFnvFactor = 0x100000001b3;

/// Calls with the same kernels in the same order have the same token.
std::vector<LaunchCall> calls_of(const Timeline& timeline, const std::vector<KernelSpan>& spans) {
  std::vector<LaunchCall> calls;
  std::uint32_t current = 0;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    const TimelineWork& work = timeline.works[spans[i].work];
    if (calls.empty() || work.call != current) calls.push_back({kFnvStart, i, i});
    current = work.call;
    calls.back().token = (calls.back().token ^ (work.name + 1)) * kFnvFactor;
    calls.back().end = i + 1;
  }
  return calls;
}

std::uint64_t median(std::vector<std::uint64_t> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::uint64_t first_start(const std::vector<KernelSpan>& spans) {
  std::uint64_t start = UINT64_MAX;
  for (const KernelSpan& span : spans) start = std::min(start, span.start_ns);
  return start;
}

/// `starts`: indexes into `calls`, and where the last step ends.
StepReport summarize(const std::vector<KernelSpan>& spans, const std::vector<LaunchCall>& calls,
                     const std::vector<std::size_t>& starts) {
  StepReport report;
  std::vector<std::uint64_t> call_counts, kernels, periods, busy, gaps;
  std::uint64_t previous_start = 0, previous_end = 0;
  for (std::size_t i = 0; i + 1 < starts.size(); ++i) {
    const std::size_t first = calls[starts[i]].first, end = calls[starts[i + 1] - 1].end;
    const std::vector<KernelSpan> own(spans.begin() + static_cast<std::ptrdiff_t>(first),
                                      spans.begin() + static_cast<std::ptrdiff_t>(end));
    const BubbleReport bubbles = find_bubbles(own, 0);
    const std::uint64_t start = first_start(own);
    if (i > 0) periods.push_back(start - std::min(start, previous_start));
    previous_start = start;
    previous_end = start + bubbles.span_ns;
    call_counts.push_back(starts[i + 1] - starts[i]);
    kernels.push_back(bubbles.kernels);
    busy.push_back(bubbles.busy_ns);
    gaps.push_back(bubbles.gap_ns);
  }
  report.steps = call_counts.size();
  report.calls = median(call_counts);
  report.kernels = median(kernels);
  report.period_ns = periods.empty() ? previous_end - previous_start : median(periods);
  report.busy_ns = median(busy);
  report.gap_ns = median(gaps);
  return report;
}

}  // namespace

StepReport report_steps(const Timeline& timeline, const std::vector<KernelSpan>& spans) {
  const std::vector<LaunchCall> calls = calls_of(timeline, spans);
  std::vector<std::uint64_t> tokens;
  for (const LaunchCall& call : calls) tokens.push_back(call.token);
  const auto repetition = find_repetition(tokens);
  if (!repetition) return {};
  std::vector<std::size_t> starts = steps_of(*repetition, calls.size());
  starts.push_back(starts.back() + repetition->period);
  StepReport report = summarize(spans, calls, starts);
  report.match = repetition->match;
  return report;
}

StepReport report_steps(const Timeline& timeline, const std::vector<KernelSpan>& spans,
                        const std::function<bool(const std::string&)>& begins) {
  const std::vector<LaunchCall> calls = calls_of(timeline, spans);
  std::vector<std::size_t> starts;
  for (std::size_t i = 0; i < calls.size(); ++i)
    for (std::size_t k = calls[i].first; k < calls[i].end; ++k)
      if (begins(timeline.names[timeline.works[spans[k].work].name])) {
        starts.push_back(i);
        break;
      }
  return summarize(spans, calls, starts);
}

}  // namespace fib::replayer
