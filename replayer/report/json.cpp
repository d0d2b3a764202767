// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <nlohmann/json.hpp>

#include "replayer/report.h"

namespace fib::replayer {
namespace {

using Json = nlohmann::ordered_json;

const char* to_string(ReplayReport::Status status) {
  switch (status) {
    case ReplayReport::Status::Done: return "done";
    case ReplayReport::Status::Refused: return "refused";
    case ReplayReport::Status::Unreadable: return "unreadable";
    case ReplayReport::Status::AddressTaken: return "address taken";
    case ReplayReport::Status::Failed: return "failed";
    case ReplayReport::Status::Hung: return "hung";
  }
  return "?";
}

std::string hex(std::uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

Json to_object(const LaunchResult& launch) {
  Json object{{"launch", launch.number},
              {"kernel", launch.kernel},
              {"operation", launch.operation},
              {"verdict", to_string(launch.verdict)}};
  if (launch.exec != 0) {
    object["graph"] = launch.exec;
    object["node"] = launch.node;
  }
  if (!launch.reason.empty()) object["reason"] = launch.reason;
  if (launch.group != 0) object["together_with"] = launch.group;
  if (launch.gpu_ns >= 0) object["gpu_ns"] = launch.gpu_ns;
  return object;
}

Json to_object(const ExtractSummary& extract) {
  Json object{{"launch", extract.launch},
              {"regions", extract.regions},
              {"pages", extract.pages},
              {"changed_pages", extract.changed_pages}};
  if (!extract.problem.empty()) object["problem"] = extract.problem;
  return object;
}

Json outcome(const ReplayReport& report) {
  Json object{{"verdict", to_string(report.window_verdict)},
              {"text", report.window_text},
              {"pages", report.pages},
              {"different_pages", report.different_pages},
              {"nondeterministic_pages", report.nondeterministic_pages},
              {"host_pages", report.host_pages}};
  if (!report.first_divergence.empty()) object["first_divergence"] = report.first_divergence;
  Json& examples = object["examples"] = Json::array();
  for (const PageReport& page : report.examples)
    examples.push_back({{"address", hex(page.address)},
                        {"page", page.where},
                        {"nondeterministic", page.nondeterministic}});
  return object;
}

}  // namespace

std::string to_json(const ReplayReport& report) {
  Json object{{"status", to_string(report.status)}, {"message", report.message}};
  if (report.launch != 0) object["launch"] = report.launch;
  object["process"] = report.process;
  object["window"] = report.window;
  object["verify"] = report.verify;
  object["runs"] = report.runs;
  object["operations"] = report.operations;
  object["outcome"] = outcome(report);
  object["rebased_words"] = report.rebased_words;
  object["gpu_time_source"] = report.gpu_time_source;
  object["restore_seconds"] = report.restore_seconds;
  object["run_seconds"] = report.run_seconds;
  Json& extracts = object["extracts"] = Json::array();
  for (const ExtractSummary& extract : report.extracts) extracts.push_back(to_object(extract));
  Json& kernels = object["kernels"] = Json::object();
  for (const auto& [id, name] : report.kernels) kernels[std::to_string(id)] = name;
  Json& launches = object["launches"] = Json::array();
  for (const LaunchResult& launch : report.launches) launches.push_back(to_object(launch));
  Json& deviations = object["deviations"] = Json::object();
  for (const auto& [text, count] : report.deviations) deviations[text] = count;
  return object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

bool says_failed(const std::string& json) {
  const Json report = Json::parse(json, nullptr, false);
  return report.is_object() &&
         report.value("status", "") == to_string(ReplayReport::Status::Failed);
}

}  // namespace fib::replayer
