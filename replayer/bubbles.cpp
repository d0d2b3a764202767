// SPDX-License-Identifier: Apache-2.0
#include "replayer/bubbles.h"

#include <algorithm>

namespace fib::replayer {
namespace {

void add_gap(BubbleReport& report, const Bubble& gap) {
  ++report.gaps;
  report.gap_ns += gap.ns();
  if (gap.host_late) {
    ++report.host_gaps;
    report.host_gap_ns += gap.ns();
  }
  report.longest.push_back(gap);
}

}  // namespace

double BubbleReport::busy_share() const {
  return span_ns == 0 ? 0 : static_cast<double>(busy_ns) / static_cast<double>(span_ns);
}

std::optional<double> BubbleReport::speedup_bound() const {
  if (busy_ns == 0) return std::nullopt;
  return static_cast<double>(span_ns) / static_cast<double>(busy_ns);
}

BubbleReport find_bubbles(std::vector<KernelSpan> spans, std::size_t keep) {
  BubbleReport report;
  if (spans.empty()) return report;
  std::stable_sort(spans.begin(), spans.end(), [](const KernelSpan& a, const KernelSpan& b) {
    return a.start_ns < b.start_ns;
  });
  std::uint64_t over = spans.front().start_ns;
  std::size_t last = spans.front().work;
  for (const KernelSpan& span : spans) {
    if (span.start_ns > over)
      add_gap(report, {over, span.start_ns, last, span.work, span.host_late});
    report.kernel_ns += span.end_ns - span.start_ns;
    if (span.end_ns < over) continue;
    over = span.end_ns;
    last = span.work;
  }
  report.kernels = spans.size();
  report.span_ns = over - spans.front().start_ns;
  report.busy_ns = report.span_ns - report.gap_ns;
  std::stable_sort(report.longest.begin(), report.longest.end(),
                   [](const Bubble& a, const Bubble& b) { return a.ns() > b.ns(); });
  if (report.longest.size() > keep) report.longest.resize(keep);
  return report;
}

}  // namespace fib::replayer
