// SPDX-License-Identifier: Apache-2.0
#include "cli/timeline_facts.h"

#include <fstream>
#include <sstream>

#include "cli/exit_codes.h"
#include "replayer/error.h"
#include "replayer/timeline_reader.h"

namespace fib::cli {
namespace {

using Json = nlohmann::ordered_json;

/// Puts the report's GPU times to the launches, by their numbers. Where they come from.
std::string take_times(const Json& report, std::vector<replayer::LaunchResult>& launches) try {
  if (report.at("launches").size() != launches.size())
    throw CliError(kExitUsage, "the replay has " + std::to_string(report.at("launches").size()) +
                                   " launches, the window " + std::to_string(launches.size()) +
                                   ": is it a replay of this window?");
  for (const Json& launch : report.at("launches")) {
    const auto number = launch.at("launch").get<std::uint64_t>();
    if (number == 0 || number > launches.size()) continue;
    launches[number - 1].gpu_ns = launch.value("gpu_ns", -1.0);
  }
  return report.value("gpu_time_source", "");
} catch (const Json::exception& error) {
  throw CliError(kExitUnreadable,
                 std::string("the report of the replay is damaged: ") + error.what());
}

}  // namespace

Json parse_replay_report(const std::string& text, const std::string& from) {
  const std::size_t begin = text.find('{'), end = text.rfind('}');
  Json report = begin < end && end != std::string::npos
                    ? Json::parse(text.substr(begin, end + 1 - begin), nullptr, false)
                    : Json();
  if (!report.is_object() || !report.contains("launches"))
    throw CliError(kExitUnreadable, from + " holds no report of `fib replay --json`");
  if (report.value("status", "") != "done")
    throw CliError(kExitUsage, from + ": the replay did not end: " + report.value("message", ""));
  return report;
}

Json read_replay_report(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw CliError(kExitUsage, "--replay '" + path + "' can't be read");
  std::ostringstream text;
  text << file.rdbuf();
  return parse_replay_report(text.str(), path);
}

trace::ProcessLog chosen_process(const std::string& path, const std::string& process) try {
  const trace::Capture capture = trace::open_capture(path);
  if (process.empty() && capture.processes.size() == 1) return capture.processes.front();
  std::string names;
  for (const trace::ProcessLog& log : capture.processes) {
    if (log.name == process) return log;
    names += (names.empty() ? "" : ", ") + log.name;
  }
  throw CliError(kExitUsage, (process.empty() ? "the capture has several processes"
                                              : "the capture has no process '" + process + "'") +
                                 std::string("; choose one with --process: ") + names);
} catch (const trace::CaptureError& error) {
  throw CliError(kExitUnreadable, error.what());
}

TimelineFacts read_timeline_facts(const trace::ProcessLog& log, const TimelineRequest& request,
                                  const std::function<Json(std::uint32_t)>& report_of) try {
  const auto plan = replayer::read_plan(log, request.window);
  replayer::LaunchTable launches(*plan);
  TimelineFacts facts;
  facts.process = log.name;
  facts.window = plan->window.number;
  facts.paused = plan->window.verify == trace::VerifyLevel::Launch;
  facts.source = take_times(report_of(plan->window.number), launches.all());
  facts.timeline = replayer::read_timeline(*plan, launches.all());
  if (!launches.all().empty() && facts.timeline.unmeasured == launches.all().size())
    throw CliError(kExitUsage, "the replay measured no GPU times (" + facts.source +
                                   "): they need a GPU and CUPTI");
  const auto spans = replayer::simulate(facts.timeline);
  facts.bubbles = replayer::find_bubbles(spans, request.gaps);
  facts.steps = request.step_begins
                    ? replayer::report_steps(facts.timeline, spans, request.step_begins)
                    : replayer::report_steps(facts.timeline, spans);
  return facts;
} catch (const trace::CaptureError& error) {
  throw CliError(kExitUnreadable, error.what());
} catch (const replayer::Refusal& error) {
  throw CliError(kExitUsage, error.what());
}

}  // namespace fib::cli
