// SPDX-License-Identifier: Apache-2.0
#include "cli/explain_capture.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <tuple>

#include "cli/launches.h"
#include "cli/miss_detail.h"
#include "launches/rule_finder.h"
#include "registry/bindings/table_source.h"

namespace fib::cli {
namespace {

using match::Decision;
using match::MatchTable;

using Demoted = std::map<std::string, std::string>;

/// All launches of a capture against one table.
class Explainer {
 public:
  /// `demoted`: by name, and why; lives as long as this.
  Explainer(const trace::Capture& capture, const MatchTable& table, const match::TableSpec& spec,
            const Demoted& demoted, std::string gpu)
      : rules_(capture, table),
        table_(table),
        demotions_(table.candidates()),
        demoted_(demoted),
        detail_(spec),
        gpu_(std::move(gpu)) {
    for (std::size_t i = 0; i < table.candidates(); ++i) {
      if (demoted.contains(table.candidate(static_cast<std::int32_t>(i)).name)) {
        (void)demotions_.demote(i);
      }
    }
  }

  void add(const ProcessLaunches& process) {
    rules_.enter();
    for (const LaunchForm& form : process.forms) {
      const auto kernel = process.kernels.find(form.kernel);
      const bool ran = form.count() > 0 || form.uncountable;
      if (ran && kernel != process.kernels.end()) add(process, kernel->second, form);
    }
  }

  Explanation finish() {
    Explanation explanation;
    explanation.gpus.assign(gpus_.begin(), gpus_.end());
    for (auto& [name, row] : rows_) {
      for (auto& [key, launches] : row.reasons) {
        const auto& [reason, binding, candidate, detail] = key;
        row.kernel.reasons.push_back({reason, binding, candidate, detail, launches});
      }
      std::stable_sort(row.kernel.reasons.begin(), row.kernel.reasons.end(),
                       [](const auto& a, const auto& b) { return a.launches > b.launches; });
      explanation.kernels.push_back(std::move(row.kernel));
    }
    std::stable_sort(explanation.kernels.begin(), explanation.kernels.end(),
                     [](const auto& a, const auto& b) { return a.launches > b.launches; });
    return explanation;
  }

 private:
  using Key = std::tuple<match::Reason, std::string, std::string, std::string>;
  struct Row {
    ExplainedKernel kernel;
    std::map<Key, std::uint64_t> reasons;
  };

  void add(const ProcessLaunches& process, const LaunchedKernel& kernel, const LaunchForm& form) {
    Row& row = rows_[kernel.name];
    row.kernel.name = kernel.name;
    row.kernel.launches += form.count();
    row.kernel.in_graphs += form.graph;
    row.kernel.at_least = row.kernel.at_least || form.uncountable;
    row.kernel.host_ns += process.clock.duration(form.host_ticks);
    const ProcessLaunches::Device* const device = process.device_of(form);
    const std::string gpu = !gpu_.empty() ? gpu_ : device != nullptr ? device->name : "unknown";
    gpus_.insert(gpu);
    // A form that stands in a conditional body only has no count, but a reason.
    row.reasons[decide(process, kernel, form, gpu)] += form.count();
  }

  Key decide(const ProcessLaunches& process, const LaunchedKernel& kernel, const LaunchForm& form,
             const std::string& gpu) {
    const match::KernelRules& rules = rules_.of(process, form, kernel);
    const match::LaunchView launch = form.view(kernel);
    match::Bound bound;
    const Decision decision = table_.lookup(rules, table_.model(gpu), launch, demotions_, bound);
    if (rules.count == 0) return {decision.reason, "", "", ""};
    const match::CompiledRule& rule = table_.rule(decision.rule);
    if (decision.hit()) {
      return {decision.reason, rule.origin, table_.candidate(decision.candidate).name, ""};
    }
    return {decision.reason, rule.origin, "", detail_of(decision, rule, launch, gpu)};
  }

  std::string detail_of(const Decision& decision, const match::CompiledRule& rule,
                        const match::LaunchView& launch, const std::string& gpu) const {
    if (decision.reason != match::Reason::Demoted) {
      return detail_.text(decision, rule, launch, gpu);
    }
    std::string text;
    for (const auto& [name, why] : demoted_) {
      const std::int32_t found = table_.find_candidate(name);
      if (found == match::kNoCandidate || table_.candidate(found).definition != rule.definition) {
        continue;
      }
      text += (text.empty() ? "" : "; ") + name + " is " + why;
    }
    return text;
  }

  launches::RuleFinder rules_;
  const MatchTable& table_;
  match::Demotions demotions_;
  const Demoted& demoted_;
  MissDetail detail_;
  std::string gpu_;
  std::map<std::string, Row> rows_;
  std::set<std::string> gpus_;
};

}  // namespace

Explanation explain_capture(const trace::Capture& capture, const registry::Registry& registry,
                            const std::string& gpu,
                            const std::function<bool(const std::string&)>& wanted,
                            registry::Findings& findings) {
  const registry::Bindings bindings = registry::load_bindings(registry);
  for (const registry::Finding& finding : bindings.findings.list()) findings.add(finding);
  registry::Findings unused;  // build_table reports the same
  const match::TableSpec spec = registry::table_spec(registry, bindings, unused);
  const auto table = registry::build_table(registry, bindings, findings);
  Explainer explainer(capture, *table, spec, bindings.policies.demoted, gpu);
  for (const ProcessLaunches& process : read_all_launches(capture, wanted)) explainer.add(process);
  return explainer.finish();
}

}  // namespace fib::cli
