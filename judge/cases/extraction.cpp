// SPDX-License-Identifier: Apache-2.0
#include "judge/cases/extraction.h"

#include "registry/model/json.h"

namespace fib::judge {
namespace {

using registry::Json;
using replayer::ReplayOptions;
using replayer::ReplayTarget;

constexpr std::size_t kLargestReport = std::size_t{4} << 30;

ReplayOptions options_of(const ReplayChoice& choice) {
  ReplayOptions options;
  options.force = choice.force;
  options.device_map = choice.device_map;
  options.gpu_times = false;
  return options;
}

/// The report of a replay; null, and why, if it did not come to its end.
Json replay(const ReplayTarget& target, const ReplayOptions& options, const ReplayChoice& choice,
            std::string& why) {
  registry::JsonLimits limits;
  limits.bytes = limits.values = kLargestReport;
  registry::ParsedJson report =
      registry::parse_json(replayer::supervise(target, options, choice.supervision), limits);
  const Json* const status = registry::find_member(report.value, "status");
  if (!report.ok() || status == nullptr) {
    why = "the replay left no report";
    return nullptr;
  }
  if (*status == "done") return std::move(report.value);
  why = "the replay of " + target.capture.string() + " " + status->get<std::string>() + ": " +
        report.value.value("message", "");
  return nullptr;
}

void write(const ReplayTarget& window, std::vector<Extraction*>& extractions, bool widely,
           const ReplayChoice& choice) {
  ReplayOptions options = options_of(choice);
  options.extract_widely = widely;
  for (const Extraction* extraction : extractions)
    options.extracts.push_back({extraction->launch, std::filesystem::absolute(extraction->to)});
  std::string why;
  const Json report = replay(window, options, choice, why);
  std::map<std::uint64_t, std::string> problems;
  if (!report.is_null())
    for (const Json& extract : report.at("extracts"))
      problems[extract.at("launch").get<std::uint64_t>()] = extract.value("problem", "");
  for (Extraction* extraction : extractions)
    extraction->problem = report.is_null() ? why : problems[extraction->launch];
}

/// Whether the extract gives the bytes that the launch gave in the window.
bool verify(Extraction& extraction, const ReplayChoice& choice) {
  std::string why;
  const Json report = replay({extraction.to, "", 0}, options_of(choice), choice, why);
  if (report.is_null()) {
    extraction.problem = why;
    return false;
  }
  const auto verdict = report.at("outcome").at("verdict").get<std::string>();
  extraction.deterministic = verdict != "nondeterministic";
  if (verdict == "exact" || verdict == "nondeterministic") return true;
  extraction.problem =
      "launch " + std::to_string(extraction.launch) + ": the replay of its extract is " + verdict;
  return false;
}

}  // namespace

void extract_and_verify(const ReplayTarget& window, std::vector<Extraction>& extractions,
                        const ReplayChoice& choice) {
  std::vector<Extraction*> todo;
  for (Extraction& extraction : extractions) todo.push_back(&extraction);
  for (const bool widely : {false, true}) {
    if (todo.empty()) return;
    write(window, todo, widely, choice);
    std::vector<Extraction*> again;
    for (Extraction* extraction : todo) {
      if (!extraction->problem.empty() || verify(*extraction, choice)) continue;
      if (widely) continue;
      std::error_code error;
      std::filesystem::remove_all(extraction->to, error);
      again.push_back(extraction);
    }
    todo = std::move(again);
  }
}

std::map<std::uint64_t, double> launch_times(const ReplayTarget& window, const ReplayChoice& choice,
                                             std::string& source) {
  ReplayOptions options = options_of(choice);
  options.verify = ReplayOptions::Verify::None;
  options.gpu_times = true;
  std::map<std::uint64_t, double> times;
  const Json report = replay(window, options, choice, source);
  if (report.is_null()) return times;
  source = report.value("gpu_time_source", "");
  for (const Json& launch : report.at("launches"))
    if (const Json* ns = registry::find_member(launch, "gpu_ns"))
      times[launch.at("launch").get<std::uint64_t>()] = ns->get<double>();
  return times;
}

}  // namespace fib::judge
