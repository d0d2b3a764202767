// SPDX-License-Identifier: Apache-2.0
#include "cli/explain_printer.h"

#include <ostream>

#include "cli/names.h"
#include "cli/registry_commands.h"
#include "cli/table.h"
#include "cli/units.h"

namespace fib::cli {
namespace {

using registry::Json;

constexpr std::size_t kShown = 5;  ///< reasons of one kernel

std::string name_of(const std::string& mangled, const ExplainStyle& style) {
  return printable(style.mangled ? mangled : short_name(demangle(mangled)));
}

// ---- captures -----------------------------------------------------------------------------------

Json to_json(const ExplainedReason& reason) {
  Json json = {{"reason", match::to_string(reason.reason)},
               {"redirected", match::is_hit(reason.reason)},
               {"launches", reason.launches}};
  if (!reason.binding.empty()) json["binding"] = reason.binding;
  if (!reason.candidate.empty()) json["candidate"] = reason.candidate;
  if (!reason.detail.empty()) json["detail"] = reason.detail;
  return json;
}

Json to_json(const Explanation& explanation) {
  Json kernels = Json::array();
  for (const ExplainedKernel& kernel : explanation.kernels) {
    Json reasons = Json::array();
    for (const ExplainedReason& reason : kernel.reasons) reasons.push_back(to_json(reason));
    kernels.push_back({{"kernel", kernel.name},
                       {"launches", kernel.launches},
                       {"in_graphs", kernel.in_graphs},
                       {"at_least", kernel.at_least},
                       {"host_ns", static_cast<std::uint64_t>(kernel.host_ns)},
                       {"reasons", std::move(reasons)}});
  }
  return {{"gpus", explanation.gpus}, {"kernels", std::move(kernels)}};
}

std::string line_of(const ExplainedReason& reason) {
  std::string text = match::to_string(reason.reason);
  if (match::is_hit(reason.reason)) return text + " → " + reason.candidate;
  text += std::string(": ") + match::describe(reason.reason);
  if (!reason.detail.empty()) text += "; " + reason.detail;
  if (!reason.binding.empty()) text += " (" + reason.binding + ')';
  return text;
}

struct Sums {
  std::uint64_t launches = 0, redirected = 0;
  double host_ns = 0;
};

Sums sums_of(const Explanation& explanation) {
  Sums sums;
  for (const ExplainedKernel& kernel : explanation.kernels) {
    sums.launches += kernel.launches;
    sums.host_ns += kernel.host_ns;
    for (const ExplainedReason& reason : kernel.reasons) {
      if (match::is_hit(reason.reason)) sums.redirected += reason.launches;
    }
  }
  return sums;
}

void print_kernel(const ExplainedKernel& kernel, const Sums& sums, const ExplainStyle& style) {
  std::ostream& out = style.context.out;
  const auto host = static_cast<std::uint64_t>(kernel.host_ns);
  out << style.context.terminal.bold(name_of(kernel.name, style)) << '\n'
      << "  " << (kernel.at_least ? "at least " : "") << format_count(kernel.launches, "launch")
      << " (" << format_share(kernel.launches, sums.launches) << "; host time "
      << format_share(host, static_cast<std::uint64_t>(sums.host_ns)) << ")\n";
  for (std::size_t i = 0; i < kernel.reasons.size() && i < kShown; ++i) {
    const ExplainedReason& reason = kernel.reasons[i];
    out << "  " << format_count(reason.launches) << "  " << printable(line_of(reason)) << '\n';
  }
  if (kernel.reasons.size() > kShown) {
    out << "  … " << format_count(kernel.reasons.size() - kShown) << " more (--json)\n";
  }
}

// ---- counters -----------------------------------------------------------------------------------

Json to_json(const CountedCandidate& candidate) {
  return {{"candidate", candidate.name},
          {"state", candidate.state},
          {"why", candidate.why},
          {"eager", candidate.eager},
          {"in_graphs", candidate.in_graphs},
          {"failed", candidate.failed},
          {"shadowed", candidate.shadowed},
          {"mismatched", candidate.mismatched},
          {"unverified", candidate.unverified}};
}

Json to_json(const CountedKernel& kernel) {
  Json reasons = Json::object(), candidates = Json::array();
  for (const auto& reason : kernel.reasons) {
    registry::append_member(reasons, reason.name, reason.launches);
  }
  for (const auto& candidate : kernel.candidates) {
    candidates.push_back({{"candidate", candidate.name},
                          {"eager", candidate.eager},
                          {"in_graphs", candidate.in_graphs}});
  }
  return {{"kernel", kernel.name},
          {"launches", kernel.launches()},
          {"reasons", std::move(reasons)},
          {"candidates", std::move(candidates)}};
}

Json to_json(const CountersReport& report) {
  Json candidates = Json::array(), kernels = Json::array();
  for (const auto& candidate : report.candidates) candidates.push_back(to_json(candidate));
  for (const auto& kernel : report.kernels) kernels.push_back(to_json(kernel));
  return {{"pid", report.pid},
          {"mode", report.mode},
          {"off", report.is_off},
          {"generation", report.generation},
          {"registry", report.registry},
          {"gpus", report.gpus},
          {"candidates", std::move(candidates)},
          {"kernels", std::move(kernels)}};
}

void print_candidates(const CountersReport& report, const ExplainStyle& style) {
  using Align = Table::Align;
  Table table({{"eager"},
               {"in graphs"},
               {"failed"},
               {"shadowed"},
               {"mismatched"},
               {"state", Align::Left},
               {"candidate", Align::Left}});
  for (const CountedCandidate& it : report.candidates) {
    table.add({format_count(it.eager), format_count(it.in_graphs), format_count(it.failed),
               format_count(it.shadowed), format_count(it.mismatched), it.state,
               it.name + (it.why.empty() ? "" : " (" + it.why + ')')});
  }
  if (!table.empty()) table.print(style.context.out, style.context.terminal);
}

std::string candidates_of(const CountedKernel& kernel) {
  std::string text;
  for (const auto& candidate : kernel.candidates) {
    text += (text.empty() ? " → " : ", ") + candidate.name;
  }
  return text;
}

void print_counted(const CountedKernel& kernel, const ExplainStyle& style) {
  std::ostream& out = style.context.out;
  out << style.context.terminal.bold(name_of(kernel.name, style)) << '\n';
  for (const auto& reason : kernel.reasons) {
    out << "  " << format_count(reason.launches) << "  " << reason.name
        << (reason.hit ? candidates_of(kernel) : "") << '\n';
  }
}

}  // namespace

void print(const Explanation& explanation, const ExplainStyle& style) {
  std::ostream& out = style.context.out;
  if (style.json) {
    out << registry::to_text(to_json(explanation), 2) << '\n';
    return;
  }
  const Sums sums = sums_of(explanation);
  for (const ExplainedKernel& kernel : explanation.kernels) print_kernel(kernel, sums, style);
  std::string gpus;
  for (const std::string& gpu : explanation.gpus) gpus += (gpus.empty() ? "" : ", ") + gpu;
  out << format_count(explanation.kernels.size(), "kernel") << ", " << format_count(sums.redirected)
      << " of " << format_count(sums.launches, "launch") << " would be redirected on "
      << printable(gpus.empty() ? "no GPU" : gpus) << '\n';
}

void print(const CountersReport& report, const ExplainStyle& style) {
  std::ostream& out = style.context.out;
  if (style.json) {
    out << registry::to_text(to_json(report), 2) << '\n';
    return;
  }
  out << "process " << report.pid << ", mode " << report.mode << (report.is_off ? " (off)" : "")
      << ", generation " << report.generation << ", registry " << report.registry << '\n';
  print_candidates(report, style);
  for (const CountedKernel& kernel : report.kernels) print_counted(kernel, style);
}

}  // namespace fib::cli
