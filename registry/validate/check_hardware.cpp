// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "registry/validate/checks.h"

namespace fib::registry {
namespace {

// "NVIDIA H200", "NVIDIA_H200" and "nvidia-h200" are one GPU.
std::string plain(std::string_view hardware) {
  std::string text;
  for (const char c : hardware) {
    text +=
        c == '_' || c == '-' ? ' ' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  constexpr std::string_view kVendor = "NVIDIA ";
  if (text.starts_with(kVendor)) text.erase(0, kVendor.size());
  return text;
}

// "H100" is meant by "H100 80GB HBM3", but not by "GH100".
bool is_meant(const std::string& target, const std::string& measured) {
  static const std::set<std::string> kAny = {"", "CUDA", "GPU", "NVIDIA", "ALL", "ANY"};
  return kAny.contains(target) || measured == target || measured.starts_with(target + ' ');
}

bool targets(const Solution& solution, const std::string& measured) {
  const auto& names = solution.spec.target_hardware;
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return is_meant(plain(name), measured); });
}

void check_target(const Subject& subject, const Trace& trace,
                  std::set<std::pair<std::string, std::string>>& seen, Reporter& reporter) {
  const Stored<Solution>* const solution = subject.registry.solution(*trace.solution);
  const std::string& hardware = trace.evaluation->environment.hardware;
  if (solution == nullptr || targets(solution->record, plain(hardware))) return;
  if (!seen.emplace(*trace.solution, hardware).second) return;
  reporter.warning("trace.hardware-target", "/evaluation/environment/hardware",
                   "was measured on " + hardware + ", which " + *trace.solution +
                       " does not name as target hardware",
                   "add it to \"target_hardware\", or remove the result");
}

}  // namespace

void check_hardware(const Subject& subject, Findings& findings) {
  std::map<std::string, std::set<std::string>> spellings;  // by the GPU that is meant
  std::set<std::pair<std::string, std::string>> seen;
  for (const Stored<Trace>* stored : subject.traces) {
    Reporter reporter(findings, *stored);
    check_target(subject, stored->record, seen, reporter);
    const std::string& hardware = stored->record.evaluation->environment.hardware;
    auto& ways = spellings[plain(hardware)];
    if (!ways.insert(hardware).second || ways.size() == 1) continue;
    reporter.warning("trace.hardware-spelling", "/evaluation/environment/hardware",
                     in_quotes(hardware) + " is also spelled " +
                         in_quotes(*ways.begin() == hardware ? *ways.rbegin() : *ways.begin()),
                     "spell it as CUDA names the device");
  }
  if (spellings.size() < 2) return;
  std::string names;
  for (const auto& [name, ways] : spellings) names += (names.empty() ? "" : ", ") + *ways.begin();
  Reporter(findings, subject.stored)
      .info("trace.hardware-mixed", "", "has results of several GPUs: " + names,
            "compare results of one GPU only; upstream's ranking mixes them");
}

}  // namespace fib::registry
