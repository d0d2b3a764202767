// SPDX-License-Identifier: Apache-2.0
#include "cli/bench_tools.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

#include "cli/child_process.h"
#include "cli/executable.h"
#include "cli/exit_codes.h"
#include "cli/temporary_directory.h"
#include "judge/wire.h"

namespace fib::cli {
namespace {

using registry::Json;

constexpr int kErrorsFound = 86;         ///< exit code that compute-sanitizer is told to use
constexpr std::size_t kMostText = 8000;  ///< of a tool's output that is kept

/// What ncu calls it, and what we do. Durations in nanoseconds, throughputs in percent of the peak.
constexpr std::array<std::pair<const char*, const char*>, 5> kMetrics = {{
    {"gpu__time_duration.sum", "duration_ns"},
    {"dram__throughput.avg.pct_of_peak_sustained_elapsed", "dram_throughput_percent"},
    {"sm__throughput.avg.pct_of_peak_sustained_elapsed", "sm_throughput_percent"},
    {"sm__warps_active.avg.pct_of_peak_sustained_active", "occupancy_percent"},
    {"launch__registers_per_thread", "registers"},
}};

/// This program again, with one trial that is not timed.
std::vector<std::string> trial_command(const judge::TrialRequest& request,
                                       const std::filesystem::path& file) {
  judge::TrialRequest untimed = request;
  untimed.timing.enabled = false;
  untimed.fresh_runs = 0;
  std::ofstream(file) << registry::to_text(judge::to_json(untimed));
  return {std::filesystem::read_symlink("/proc/self/exe").string(), "trial", "--request",
          file.string()};
}

/// The tool on that program; timeout(1) ends both, since a candidate may hang under a tool alone.
Json run(const std::vector<std::string>& tool, double seconds, const judge::TrialRequest& request,
         int& exit_code, std::string& output) {
  const TemporaryDirectory directory("fib-bench");
  std::vector<std::string> command = {"timeout", "--kill-after=5", std::to_string(seconds)};
  command.insert(command.end(), tool.begin(), tool.end());
  for (std::string& word : trial_command(request, directory.path() / "request.json"))
    command.push_back(std::move(word));
  const auto start = std::chrono::steady_clock::now();
  const ChildResult result = run_captured(command, {}, output);
  exit_code = result.exit_code;
  // Not by timeout's exit code: one that had to be killed looks as if something else had done it.
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  const std::string ending = took.count() >= seconds ? "ended: it took too long" : describe(result);
  return {{"tool", tool.front()}, {"ending", ending}};
}

std::string tail(const std::string& text) {
  return text.size() <= kMostText ? text : text.substr(text.size() - kMostText);
}

Json sanitize(const std::string& tool, double seconds, const judge::TrialRequest& request) {
  int exit_code = 0;
  std::string output;
  // Calls of ours that ask the driver and may be told no are no error of the candidate.
  Json json = run({"compute-sanitizer", "--tool", tool, "--report-api-errors", "no",
                   "--error-exitcode", std::to_string(kErrorsFound)},
                  seconds, request, exit_code, output);
  json["check"] = tool;
  json["errors_found"] = exit_code == kErrorsFound;
  Json findings = Json::array();
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("=========") && findings.size() < 200) findings.push_back(line);
  json["findings"] = std::move(findings);
  if (exit_code != 0 && exit_code != kErrorsFound) json["output"] = tail(output);
  return json;
}

/// A regular expression for these names and no others.
std::string any_of(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    text += text.empty() ? "regex:^(" : "|";
    for (const char c : name) {
      if (c == '$' || c == '.') text += '\\';
      text += c;
    }
  }
  return text + ")$";
}

Json profile(double seconds, const judge::TrialRequest& request,
             const std::vector<std::string>& entries) {
  std::string metrics;
  for (const auto& [metric, name] : kMetrics)
    metrics += (metrics.empty() ? "" : ",") + std::string(metric);
  int exit_code = 0;
  std::string output;
  // Each kernel once or twice is enough, caches cold. The clocks stay as they are: other work may
  // run on this GPU, and ncu would fix them for all.
  Json json = run({"ncu", "--csv", "--page", "raw", "--print-units", "base", "--clock-control",
                   "none", "--metrics", metrics, "--kernel-name-base", "mangled", "--kernel-name",
                   any_of(entries), "--launch-count", std::to_string(2 * entries.size())},
                  seconds, request, exit_code, output);
  json["kernels"] = read_ncu_csv(output);
  const bool measured = std::ranges::any_of(
      json["kernels"], [](const Json& kernel) { return kernel.contains("duration_ns"); });
  if (!measured) json["output"] = tail(output);  // it says why
  return json;
}

/// Cells of a line of CSV: each in quotes, quotes doubled.
std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"')
      quoted = !quoted;
    else if (c == ',' && !quoted)
      cells.emplace_back();
    else if (c != '\r')
      cells.back() += c;
  }
  return cells;
}

/// "5,152" is 5152. Leaves out what is no number: ncu says "nan" or "n/a" of counters that it can't
/// read.
void set_number(Json& object, const char* name, std::string text) {
  std::erase(text, ',');
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (end != text.c_str() && std::isfinite(value)) object[name] = value;
}

void require(const std::string& program, const std::string& option) {
  if (!find_in_path(program).empty()) return;
  throw CliError(kExitUsage, option + " needs " + program +
                                 ", which is not in PATH: it comes with the CUDA toolkit");
}

}  // namespace

void check_tools(const BenchTools& tools) {
  if (!tools.sanitizer.empty()) require("compute-sanitizer", "--sanitizer");
  if (tools.ncu) require("ncu", "--ncu");
}

judge::ToolFindings run_tools(const BenchTools& tools, const judge::TrialRequest& request,
                              const std::vector<std::string>& entries) {
  judge::ToolFindings findings;
  if (!tools.sanitizer.empty())
    findings.sanitizer = sanitize(tools.sanitizer, tools.seconds, request);
  if (tools.ncu) findings.ncu = profile(tools.seconds, request, entries);
  return findings;
}

registry::Json read_ncu_csv(const std::string& text) {
  Json kernels = Json::array();
  std::istringstream lines(text);
  std::vector<std::string> titles;
  bool units = false;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with('"')) continue;
    const std::vector<std::string> cells = cells_of(line);
    if (titles.empty()) {
      titles = cells;
      units = true;  // the next line
      continue;
    }
    if (std::exchange(units, false) || cells.size() != titles.size()) continue;
    Json kernel = Json::object();
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (titles[i] == "Kernel Name") kernel["kernel"] = cells[i];
      for (const auto& [metric, name] : kMetrics)
        if (titles[i] == metric) set_number(kernel, name, cells[i]);
    }
    kernels.push_back(std::move(kernel));
  }
  return kernels;
}

}  // namespace fib::cli
