// SPDX-License-Identifier: Apache-2.0
#include "cli/hit_rate_printer.h"

#include <algorithm>
#include <ostream>

#include "cli/names.h"
#include "cli/registry_commands.h"
#include "cli/table.h"
#include "cli/units.h"

namespace fib::cli {
namespace {

constexpr std::size_t kKernelsShown = 10, kReasonsShown = 6;

using Counted = std::pair<std::string, std::uint64_t>;

std::vector<Counted> by_count(const std::map<std::string, std::uint64_t>& counts) {
  std::vector<Counted> list(counts.begin(), counts.end());
  std::stable_sort(list.begin(), list.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  return list;
}

std::string processes_of(const HitRate& rate) {
  return format_count(rate.processes) + (rate.processes == 1 ? " process" : " processes");
}

void print_sums(std::ostream& out, const HitRate& rate, bool shadow) {
  const std::string of = " of " + format_count(rate.decisions) + " launches and graph nodes";
  if (shadow) {
    out << "fib: compared " << format_count(rate.shadowed) << of << ", "
        << format_count(rate.mismatched) << " with another result; in " << processes_of(rate)
        << '\n';
  } else {
    out << "fib: redirected " << format_count(rate.redirected()) << of << " ("
        << format_share(rate.redirected(), rate.decisions) << "): " << format_count(rate.eager)
        << " eager, " << format_count(rate.in_graphs) << " graph nodes; in " << processes_of(rate)
        << '\n';
  }
  out << "fib: a binding matched " << format_count(rate.matched) << of;
  if (rate.failed > 0) out << "; the driver refused " << format_count(rate.failed);
  out << '\n';
}

void print_reasons(std::ostream& out, const HitRate& rate) {
  const auto reasons = by_count(rate.reasons);
  for (std::size_t i = 0; i < std::min(reasons.size(), kReasonsShown); ++i) {
    out << "fib:   not " << format_count(reasons[i].second) << ": " << reasons[i].first << ", "
        << describe_reason(reasons[i].first) << '\n';
  }
}

std::string what_became(const KernelHits& kernel) {
  std::string text;
  for (const std::string& candidate : kernel.candidates)
    text += (text.empty() ? "→ " : ", ") + candidate;
  if (!text.empty() || kernel.reasons.empty()) return text;
  return by_count(kernel.reasons).front().first;
}

/// Those that a binding matches, then others; the busiest of each first.
void print_kernels(std::ostream& out, const HitRate& rate) {
  std::vector<const KernelHits*> shown;
  for (const bool matched : {true, false}) {
    for (const KernelHits& kernel : rate.kernels) {
      const auto none = kernel.reasons.find("NoRule");
      const bool is_matched = none == kernel.reasons.end() || none->second < kernel.decisions;
      if (is_matched == matched) shown.push_back(&kernel);
    }
  }
  Table table({{"redirected"}, {"of"}, {"kernel", Table::Align::Left}});
  for (std::size_t i = 0; i < std::min(shown.size(), kKernelsShown); ++i) {
    const KernelHits& kernel = *shown[i];
    table.add({format_count(kernel.hits), format_count(kernel.decisions),
               fit(printable(short_name(demangle(kernel.name))), 60) + "  " + what_became(kernel)});
  }
  if (!table.empty()) table.print(out, Terminal(), 2);
  if (shown.size() > kKernelsShown) {
    out << "  … " << format_count(shown.size() - kKernelsShown) << " more kernels (--report, then "
        << "fib explain --report)\n";
  }
}

void print_bad_candidates(std::ostream& out, const HitRate& rate) {
  for (const auto& [name, candidate] : rate.candidates) {
    if (candidate.state != "demoted") continue;
    out << "fib: demoted: " << printable(name + " (" + candidate.why + ')') << '\n';
  }
}

}  // namespace

void print_hit_rate(std::ostream& out, const HitRate& rate, const HitRateStyle& style) {
  const std::uint64_t hits = style.shadow ? rate.shadowed : rate.redirected();
  if (rate.decisions > 0) {
    print_sums(out, rate, style.shadow);
    print_reasons(out, rate);
    print_kernels(out, rate);
  }
  print_bad_candidates(out, rate);
  for (const std::string& pid : rate.unused) {
    if (hits > 0) out << "fib: process " << pid << " used no registry\n";
  }
  if (hits > 0) return;
  out << "fib: NOTHING was " << (style.shadow ? "compared" : "redirected") << '\n';
  for (const std::string& line : why_no_hits(rate, style.registry)) {
    out << "fib:   " << printable(line) << '\n';
  }
}

}  // namespace fib::cli
