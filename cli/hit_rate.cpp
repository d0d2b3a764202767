// SPDX-License-Identifier: Apache-2.0
#include "cli/hit_rate.h"

#include <algorithm>
#include <array>

#include "cli/units.h"
#include "registry/match/reason.h"

namespace fib::cli {
namespace {

using Reasons = std::map<std::string, std::uint64_t>;

/// What a user can do about a reason; the reason itself is said besides.
struct Remedy {
  const char* reason;
  const char* text;
};
constexpr std::array kRemedies = {
    Remedy{"LayoutMismatch", "bind this version of the kernel: fib registry bind"},
    Remedy{"CodeMismatch", "bind this version of the kernel: fib registry bind"},
    Remedy{"Disabled", "bindings/policies.json has \"enabled\": false"},
    Remedy{"NoCandidate", "add a Solution with a launch block: docs/bindings.md"},
    Remedy{"CodeNotJudged", "judge the candidates on a capture of this engine: fib bench"},
    Remedy{"DeviceMismatch", "judge the candidates on this GPU: fib bench"},
    Remedy{"AxisOutOfRange", "judge them on a capture with these shapes: fib bench"},
    Remedy{"NotFound", "judge them on a capture with these shapes: fib bench"},
    Remedy{"NotClear",
           "nothing measured is faster than the kernel that is there; write a better one"},
    Remedy{"Demoted", "see \"demoted\" in bindings/policies.json, and FIBSHIM_DEMOTE"},
    Remedy{"NotLoaded", "build them for this GPU: fib registry build"},
};

bool is_match(const std::string& reason) {
  return reason != "NoRule" && reason != "LayoutMismatch" && reason != "CodeMismatch";
}

std::string most(const Reasons& reasons, bool (*wanted)(const std::string&)) {
  std::string found;
  for (const auto& [name, count] : reasons) {
    if (wanted(name) && (found.empty() || count > reasons.at(found))) found = name;
  }
  return found;
}

void add_candidates(const CountersReport& report, HitRate& rate) {
  for (const CountedCandidate& it : report.candidates) {
    CountedCandidate& sum = rate.candidates[it.name];
    sum.name = it.name;
    // The worst that was said of it in any process.
    if (sum.state.empty() || sum.why.empty()) sum.state = it.state, sum.why = it.why;
    sum.eager += it.eager;
    sum.in_graphs += it.in_graphs;
    sum.failed += it.failed;
    sum.shadowed += it.shadowed;
    sum.mismatched += it.mismatched;
    sum.unverified += it.unverified;
    rate.eager += it.eager;
    rate.in_graphs += it.in_graphs;
    rate.failed += it.failed;
    rate.shadowed += it.shadowed;
    rate.mismatched += it.mismatched;
  }
}

void add_kernel(const CountedKernel& kernel, KernelHits& sum, HitRate& rate) {
  sum.name = kernel.name;
  for (const CountedKernel::Reason& reason : kernel.reasons) {
    sum.decisions += reason.launches;
    rate.decisions += reason.launches;
    if (is_match(reason.name)) rate.matched += reason.launches;
    if (reason.hit) {
      sum.hits += reason.launches;
    } else {
      sum.reasons[reason.name] += reason.launches;
      rate.reasons[reason.name] += reason.launches;
    }
  }
  for (const CountedKernel::Candidate& candidate : kernel.candidates) {
    const bool known = std::find(sum.candidates.begin(), sum.candidates.end(), candidate.name) !=
                       sum.candidates.end();
    if (!known) sum.candidates.push_back(candidate.name);
  }
}

/// The first candidate that could not be loaded, and why.
std::string not_loaded(const HitRate& rate) {
  for (const auto& [name, candidate] : rate.candidates) {
    if (candidate.state == "not loaded" && !candidate.why.empty()) {
      return name + ": " + candidate.why;
    }
  }
  return "";
}

std::string reason_line(const HitRate& rate, const std::string& reason) {
  std::string line = format_count(rate.reasons.at(reason)) + " that a binding matches: " + reason +
                     " (" + describe_reason(reason) + ")";
  if (reason == "NotLoaded") {
    if (const std::string why = not_loaded(rate); !why.empty()) line += "; " + why;
  }
  if (reason == "DeviceMismatch" && !rate.gpus.empty()) line += "; this is " + rate.gpus.front();
  const auto* const remedy = std::find_if(kRemedies.begin(), kRemedies.end(),
                                          [&](const Remedy& it) { return reason == it.reason; });
  return line + (remedy != kRemedies.end() ? std::string("; ") + remedy->text
                                           : "; docs/bindings.md says what it checks");
}

}  // namespace

std::vector<std::string> HitRate::used() const {
  std::vector<std::string> names;
  for (const auto& [name, candidate] : candidates) {
    if (candidate.eager + candidate.in_graphs > 0) names.push_back(name);
  }
  return names;
}

HitRate hit_rate_of(const std::vector<CountersReport>& reports) {
  HitRate rate;
  std::map<std::string, KernelHits> kernels;
  for (const CountersReport& report : reports) {
    ++rate.processes;
    if (report.generation == 0) rate.unused.push_back(std::to_string(report.pid));
    if (rate.gpus.empty()) rate.gpus = report.gpus;
    add_candidates(report, rate);
    for (const CountedKernel& kernel : report.kernels) {
      add_kernel(kernel, kernels[kernel.name], rate);
    }
  }
  for (auto& [name, kernel] : kernels) rate.kernels.push_back(std::move(kernel));
  std::stable_sort(rate.kernels.begin(), rate.kernels.end(),
                   [](const auto& a, const auto& b) { return a.decisions > b.decisions; });
  return rate;
}

std::vector<std::string> why_no_hits(const HitRate& rate, const std::string& registry) {
  if (rate.processes == 0) {
    return {"no process used the GPU through the shim; to see why: fib doctor -- CMD"};
  }
  if (rate.unused.size() == rate.processes) {
    return {"the registry was not used: a line of fibshim above says why (fib registry validate " +
            registry + " checks its records)"};
  }
  if (rate.candidates.empty()) {
    return {registry +
            " holds no binding with a Solution that can be launched; draft one with "
            "fib registry bind"};
  }
  if (rate.decisions == 0) return {"no kernel was launched"};
  std::vector<std::string> lines;
  if (const std::string reason = most(rate.reasons, is_match); !reason.empty()) {
    lines.push_back(reason_line(rate, reason));
    return lines;
  }
  const auto other = [](const std::string& name) { return name != "NoRule"; };
  if (const std::string reason = most(rate.reasons, other); !reason.empty()) {
    const auto* const remedy = std::find_if(kRemedies.begin(), kRemedies.end(),
                                            [&](const auto& it) { return reason == it.reason; });
    lines.push_back(format_count(rate.reasons.at(reason)) + ": " + describe_reason(reason) +
                    (remedy != kRemedies.end() ? std::string("; ") + remedy->text : ""));
  } else {
    lines.push_back("no binding of " + registry +
                    " is about a kernel of this command; record it (fib record), then fib "
                    "registry bind, or fib explain CAPTURE --registry " +
                    registry);
  }
  return lines;
}

std::string describe_reason(const std::string& name) {
  for (std::size_t i = 0; i < match::kReasons; ++i) {
    const auto reason = static_cast<match::Reason>(i);
    if (name == match::to_string(reason)) return match::describe(reason);
  }
  return "";
}

}  // namespace fib::cli
