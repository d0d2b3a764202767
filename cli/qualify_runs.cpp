// SPDX-License-Identifier: Apache-2.0
#include "cli/qualify_runs.h"

#include <algorithm>
#include <iostream>
#include <limits>

#include "cli/exit_codes.h"
#include "cli/output_distance.h"
#include "cli/units.h"

namespace fib::cli {

namespace fs = std::filesystem;

namespace {

constexpr const char* kPlace = "{out}";
constexpr double kUnlimited = 86400, kLeastTimeout = 60;

std::string seconds_text(double seconds) { return format_duration(seconds * 1e9); }

/// Into the run's directory, on whatever disk it is.
void move_file(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::create_directories(to.parent_path(), error);
  fs::rename(from, to, error);
  if (!error) return;
  fs::copy_file(from, to, fs::copy_options::overwrite_existing, error);
  if (!error) fs::remove(from, error);
  if (error) throw CliError(kExitOutput, from.string() + " can't be moved: " + error.message());
}

}  // namespace

QualifyRuns::QualifyRuns(QualifySettings settings) : settings_(std::move(settings)) {
  has_place_ = std::any_of(settings_.command.begin(), settings_.command.end(),
                           [](const auto& it) { return it.find(kPlace) != std::string::npos; });
  timeout_ = settings_.timeout > 0 ? settings_.timeout : kUnlimited;
  if (!has_place_) refuse_old_files();
}

/// In the run's directory.
std::string QualifyRuns::kept_name(const std::string& file) const {
  return has_place_ ? file : fs::path(file).filename().string();
}

/// A file that an earlier run left would be taken for this one's.
void QualifyRuns::refuse_old_files() const {
  Solutions names;
  for (const std::string& file : settings_.files) {
    if (!names.insert(kept_name(file)).second) {
      throw CliError(kExitUsage, "--file: two files are called " + kept_name(file) +
                                     ": let the command write to {out}");
    }
    std::error_code error;
    if (fs::exists(file, error)) {
      throw CliError(kExitUsage, "--file '" + file +
                                     "' is there already: remove it, or let the command write to "
                                     "{out}");
    }
  }
}

std::vector<std::string> QualifyRuns::command_for(const fs::path& place) const {
  std::vector<std::string> command = settings_.command;
  for (std::string& word : command) {
    const std::string text = place.string();
    for (std::size_t at = 0; (at = word.find(kPlace, at)) != std::string::npos; at += text.size()) {
      word.replace(at, std::string(kPlace).size(), text);
    }
  }
  return command;
}

std::vector<std::string> QualifyRuns::outputs() const {
  std::vector<std::string> names;
  for (const std::string& file : settings_.files) names.push_back(kept_name(file));
  if (settings_.with_stdout) names.emplace_back("stdout");
  return names;
}

void QualifyRuns::collect(const fs::path& place) const {
  if (has_place_) return;
  for (const std::string& file : settings_.files) {
    std::error_code error;
    if (fs::exists(file, error)) move_file(file, place / kept_name(file));
  }
}

QualifyRun& QualifyRuns::run(const std::optional<Solutions>& without) {
  QualifyRun run;
  run.number = runs_.size() + 1;
  run.without = without;
  run.directory = settings_.directory / ("run-" + std::to_string(run.number));
  std::error_code error;
  fs::create_directories(run.directory, error);
  if (error) throw CliError(kExitOutput, run.directory.string() + ": " + error.message());
  Environment environment;
  const std::string report = (run.directory / "counters.%p").string();
  if (without) {
    Deployment deployment;
    deployment.registry = settings_.registry;
    deployment.demoted.assign(without->begin(), without->end());
    deployment.report = report;
    deploy(deployment, environment);
  }
  run.result = run_bounded(command_for(run.directory), std::move(environment),
                           run.directory / "stdout", run.directory / "stderr", timeout_);
  if (run.result.child.start_error != 0) {
    throw CliError(kExitCantStart,
                   "'" + settings_.command.front() + "' " + describe(run.result.child));
  }
  collect(run.directory);
  if (without) {
    const auto reports = read_reports(report);
    if (!reports.empty()) run.hits = hit_rate_of(reports);
  }
  runs_.push_back(std::move(run));
  return runs_.back();
}

void QualifyRuns::run_bare(std::size_t times) {
  double longest = 0;
  for (std::size_t i = 0; i < times; ++i) {
    const QualifyRun& done = run(std::nullopt);
    std::cerr << "fib: run " << done.number << ", without the shim: " << describe(done.result)
              << ", " << seconds_text(done.result.seconds) << '\n';
    if (done.result.timed_out || done.result.child.exit_code != 0) {
      throw CliError(kExitUsage, "the command fails by itself (" + describe(done.result) +
                                     "): see " + (done.directory / "stderr").string());
    }
    longest = std::max(longest, done.result.seconds);
  }
  bare_ = times;
  if (settings_.timeout <= 0) timeout_ = std::max(kLeastTimeout, 10 * longest);
  measure_noise();
}

void QualifyRuns::measure_noise() {
  const fs::path& first = runs_.front().directory;
  for (const std::string& name : outputs()) {
    Noise& noise = noise_[name];
    for (std::size_t i = 0; i < bare_; ++i) {
      const OutputDistance distance = distance_of(first / name, runs_[i].directory / name);
      if (distance.equal) continue;
      if (!(distance.distance < std::numeric_limits<double>::infinity())) {
        throw CliError(kExitUsage, "two runs without the shim can't be compared: " + name + ": " +
                                       distance.text);
      }
      if (distance.distance >= noise.distance) noise = {distance.distance, distance.text};
    }
  }
  for (std::size_t i = 1; i < bare_ && !settings_.compare.empty(); ++i) {
    if (!same_by_command(first, runs_[i].directory)) {
      throw CliError(kExitUsage, "--compare '" + settings_.compare +
                                     "' tells two runs without the shim apart: let it allow for "
                                     "the program's own noise");
    }
  }
}

bool QualifyRuns::same_by_command(const fs::path& reference, const fs::path& place) const {
  std::string output;
  const ChildResult result = run_captured(
      {"sh", "-c", settings_.compare + " \"$@\"", "compare", reference.string(), place.string()},
      Environment(), output);
  return result.start_error == 0 && result.exit_code == 0;
}

/// The nearest reference counts; a bare run is as far from another one.
TrialOutcome QualifyRuns::judge_output(const std::string& name, const QualifyRun& run) const {
  const Noise& noise = noise_.at(name);
  const double allowed = std::max(settings_.noise_factor * noise.distance, settings_.tolerance);
  OutputDistance nearest;
  for (std::size_t i = 0; i < bare_; ++i) {
    const OutputDistance distance = distance_of(runs_[i].directory / name, run.directory / name);
    if (i == 0 || distance.distance < nearest.distance) nearest = distance;
  }
  // A distance of 0 that is not equality: the same words, other blanks.
  if (nearest.equal || (nearest.distance <= allowed && allowed > 0)) return {true, ""};
  return {false, name + ": " + nearest.text + " (two bare runs: " + noise.text + ')'};
}

TrialOutcome QualifyRuns::judge(const QualifyRun& run) const {
  if (run.result.timed_out || run.result.child.exit_code != 0) return {false, describe(run.result)};
  for (const std::string& name : outputs()) {
    TrialOutcome outcome = judge_output(name, run);
    if (!outcome.good) return outcome;
  }
  if (!settings_.compare.empty() && !same_by_command(runs_.front().directory, run.directory))
    return {false, "the comparison command finds a difference"};
  return {true, ""};
}

const QualifyRun& QualifyRuns::run_without(const Solutions& without) {
  QualifyRun& done = run(without);
  done.outcome = judge(done);
  std::cerr << "fib: run " << done.number << ", "
            << (without.empty() ? std::string("all winners")
                                : "without " + format_count(without.size(), "Solution"))
            << ": " << (done.outcome.good ? "good" : done.outcome.why) << ", "
            << seconds_text(done.result.seconds) << '\n';
  return done;
}

}  // namespace fib::cli
