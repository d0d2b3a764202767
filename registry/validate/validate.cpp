// SPDX-License-Identifier: Apache-2.0
#include "registry/validate/validate.h"

#include <algorithm>
#include <tuple>

#include "registry/validate/checks.h"

namespace fib::registry {
namespace {

bool wants(const std::set<std::string>& set, std::string_view name) {
  return set.empty() || set.contains(std::string(name));
}

bool wants_all(const ValidateOptions& options) {
  return options.op_types.empty() && options.definitions.empty();
}

bool wants_definition(const ValidateOptions& options, const Definition& definition) {
  return wants_all(options) || options.op_types.contains(definition.op_type) ||
         options.definitions.contains(definition.name);
}

void check_one(const Subject& subject, Findings& findings) {
  check_layout(subject, findings);
  check_definition(subject, findings);
  check_workloads(subject, findings);
  check_solutions(subject, findings);
  check_traces(subject, findings);
  check_hardware(subject, findings);
  check_baseline(subject, findings);
}

void check_whole(const Registry& registry, Findings& findings) {
  for (const Finding& finding : registry.findings().list()) findings.add(finding);
  if (registry.definitions().empty()) {
    findings.add({Level::Warning, "layout.empty", "definitions", 0, "", "there is no Definition",
                  "give the directory that holds definitions/, or add one"});
  }
  check_unknown_definitions(registry, findings);
  check_shared_uuids(registry, findings);
  check_blobs(registry, findings);
  findings.add({Level::Info, "benchmark.not-run", "", 0, "", "the benchmark group did not run",
                "it runs Solutions: use upstream's own tool on a machine with a GPU"});
}

}  // namespace

std::size_t ValidationReport::count(Level level) const {
  return static_cast<std::size_t>(std::count_if(
      findings.begin(), findings.end(), [&](const Finding& one) { return one.level == level; }));
}

ValidationReport validate(const Registry& registry, const ValidateOptions& options) {
  ValidationReport report;
  Findings findings;
  for (const auto& stored : registry.definitions()) {
    if (!wants_definition(options, stored.record)) continue;
    const Subject subject(registry, stored);
    check_one(subject, findings);
    ++report.definitions;
    report.solutions += subject.solutions.size();
    report.workloads += subject.workloads.size();
    report.traces += subject.traces.size();
  }
  if (wants_all(options)) check_whole(registry, findings);
  for (Finding& finding : findings.list()) {
    if (wants(options.groups, finding.group())) report.findings.push_back(std::move(finding));
  }
  std::stable_sort(report.findings.begin(), report.findings.end(),
                   [](const Finding& a, const Finding& b) {
                     return std::tie(a.file, a.line) < std::tie(b.file, b.line);
                   });
  return report;
}

}  // namespace fib::registry
