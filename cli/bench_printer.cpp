// SPDX-License-Identifier: Apache-2.0
#include "cli/bench_printer.h"

#include <cstdio>
#include <ostream>

#include "cli/registry_commands.h"
#include "cli/table.h"
#include "cli/units.h"
#include "judge/wire.h"

namespace fib::cli {
namespace {

using judge::JobOutcome;
using judge::ModeTiming;
using registry::Json;

std::string fixed(double value, int digits) {
  char text[48];
  (void)std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string axes_of(const judge::Case& subject) {
  std::string text;
  for (const auto& [name, value] : subject.axes)
    text += (text.empty() ? "" : " ") + name + '=' + std::to_string(value);
  return text.empty() ? "-" : text;
}

std::string ratio_of(const ModeTiming& mode) {
  if (!(mode.ratio > 0)) return "-";
  return fixed(mode.ratio, 3) + " [" + fixed(mode.low, 3) + ", " + fixed(mode.high, 3) + ']';
}

bool passed(const JobOutcome& outcome) {
  return outcome.problem.empty() && outcome.result.applicable &&
         outcome.result.status == registry::Status::Passed;
}

std::vector<std::string> row_of(const JobOutcome& outcome) {
  const judge::Case& subject = *outcome.job.subject;
  std::vector<std::string> row = {
      printable(subject.definition), axes_of(subject), format_count(subject.count),
      printable(outcome.job.solution->record.name), printable(status_of(outcome))};
  const ModeTiming* const mode = passed(outcome) ? outcome.result.decisive() : nullptr;
  if (mode == nullptr) {
    row.insert(row.end(), {"-", "-", "-", "-"});
  } else {
    const bool is_compared = mode->ratio > 0;
    row.insert(row.end(), {is_compared ? fixed(mode->incumbent_ns / 1e3, 2) : "-",
                           fixed(mode->candidate_ns / 1e3, 2), ratio_of(*mode), mode->verdict});
  }
  return row;
}

Json json_of(const JobOutcome& outcome) {
  Json json = {{"definition", outcome.job.subject->definition},
               {"case", outcome.job.subject->id},
               {"solution", outcome.job.solution->record.name},
               {"gpu", outcome.gpu},
               {"written", outcome.written}};
  if (outcome.problem.empty())
    json["result"] = judge::to_json(outcome.result);
  else
    json["problem"] = outcome.problem;
  if (!outcome.tools.sanitizer.is_null()) json["sanitizer"] = outcome.tools.sanitizer;
  if (!outcome.tools.ncu.is_null()) json["ncu"] = outcome.tools.ncu;
  return json;
}

}  // namespace

BenchSummary summarize(const std::vector<JobOutcome>& outcomes) {
  BenchSummary summary;
  for (const JobOutcome& outcome : outcomes) {
    const ModeTiming* const mode = outcome.result.decisive();
    if (!outcome.problem.empty()) {
      ++summary.not_tried;
    } else if (!outcome.result.applicable) {
      ++summary.not_applicable;
    } else if (!passed(outcome)) {
      ++summary.wrong;
    } else {
      ++summary.passed;
      if (mode == nullptr) ++summary.untimed;
      if (mode != nullptr && mode->verdict == "faster") ++summary.faster;
    }
  }
  return summary;
}

std::string status_of(const JobOutcome& outcome) {
  if (!outcome.problem.empty()) return "not tried: " + outcome.problem;
  const judge::TrialResult& result = outcome.result;
  if (!result.applicable) return "not applicable: " + result.reason;
  std::string text(registry::to_string(result.status));
  if (!result.reason.empty() && result.status != registry::Status::Passed)
    text += ": " + result.reason;
  return text;
}

std::string line_of(const JobOutcome& outcome) {
  std::string text = outcome.job.solution->record.name + " on " + outcome.job.subject->id + ": " +
                     status_of(outcome);
  const ModeTiming* const mode = passed(outcome) ? outcome.result.decisive() : nullptr;
  if (mode != nullptr) text += ", " + mode->verdict + ' ' + ratio_of(*mode);
  const std::string& detail = outcome.result.detail;
  if (outcome.problem.empty() && !passed(outcome) && !detail.empty()) text += " (" + detail + ')';
  return printable(text);
}

void print_bench(const Context& context, const judge::CaseSet& cases,
                 const std::vector<JobOutcome>& outcomes, const BenchSummary& summary) {
  using Align = Table::Align;
  const bool on_workloads = !outcomes.empty() && outcomes.front().job.workload != nullptr;
  Table table({{"Definition", Align::Left},
               {"axes", Align::Left},
               {"count"},
               {"Solution", Align::Left},
               {"status", Align::Left},
               {on_workloads ? "baseline µs" : "incumbent µs"},
               {"candidate µs"},
               {"ratio", Align::Left},
               {"verdict", Align::Left}});
  for (const JobOutcome& outcome : outcomes) table.add(row_of(outcome));
  if (!table.empty()) table.print(context.out, context.terminal);
  context.out << format_count(cases.cases.size(), "case") << ": " << format_count(summary.passed)
              << " passed (" << format_count(summary.faster) << " faster), "
              << format_count(summary.wrong) << " wrong, " << format_count(summary.not_applicable)
              << " not applicable, " << format_count(summary.not_tried) << " not tried";
  if (summary.resumed > 0)
    context.out << ", " << format_count(summary.resumed) << " had a result already";
  if (summary.untimed > 0)
    context.out << "; " << format_count(summary.untimed)
                << " were not timed and leave no Evaluation";
  context.out << '\n';
}

void print_bench_json(const Context& context, const judge::CaseSet& cases,
                      const std::vector<JobOutcome>& outcomes, const BenchSummary& summary) {
  Json list = Json::array(), jobs = Json::array();
  for (const judge::Case& subject : cases.cases) list.push_back(judge::to_json(subject));
  for (const JobOutcome& outcome : outcomes) jobs.push_back(json_of(outcome));
  const Json json = {{"cases", std::move(list)},
                     {"jobs", std::move(jobs)},
                     {"notes", cases.notes},
                     {"passed", summary.passed},
                     {"faster", summary.faster},
                     {"wrong", summary.wrong},
                     {"not_applicable", summary.not_applicable},
                     {"not_tried", summary.not_tried},
                     {"resumed", summary.resumed}};
  context.out << registry::to_text(json, 2) << '\n';
}

}  // namespace fib::cli
