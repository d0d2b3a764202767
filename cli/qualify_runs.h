// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/bounded_child.h"
#include "cli/deployed_run.h"
#include "cli/hit_rate.h"
#include "cli/qualify_search.h"

namespace fib::cli {

/// What is run, and what of it is compared.
struct QualifySettings {
  std::vector<std::string> command;  ///< "{out}" in it becomes the run's directory
  std::filesystem::path registry;    ///< absolute
  std::filesystem::path directory;   ///< for the outputs of all runs
  std::vector<std::string> files;    ///< that the command writes; relative to {out} if it has one
  bool with_stdout = true;
  std::string compare;      ///< a shell command: compare REFERENCE RUN, both directories
  double noise_factor = 2;  ///< so many times the noise is allowed
  double tolerance = 0;     ///< and so much in any case
  double timeout = 0;       ///< seconds; 0: ten times what the command takes alone
};

/// One run of the command.
struct QualifyRun {
  std::size_t number = 0;
  std::optional<Solutions> without;  ///< what was demoted for it; nothing: without the shim
  std::filesystem::path directory;   ///< of its outputs
  BoundedResult result;
  TrialOutcome outcome;
  std::optional<HitRate> hits;  ///< if it left counters
};

/// Runs the command, bare or with a registry, and compares what it put out with what it puts out by
/// itself.
class QualifyRuns {
 public:
  explicit QualifyRuns(QualifySettings settings);

  /// Runs it so often without the shim: the references, and how far they are apart. Throws CliError
  /// if it fails by itself, or if its outputs can't be compared even then.
  void run_bare(std::size_t times);
  /// Runs it with the registry, but for some Solutions.
  const QualifyRun& run_without(const Solutions& without);

  /// By output: how far two bare runs are apart, and how that is said.
  struct Noise {
    double distance = 0;
    std::string text = "equal bit for bit";
  };
  [[nodiscard]] const std::map<std::string, Noise>& noise() const { return noise_; }
  [[nodiscard]] const std::vector<QualifyRun>& runs() const { return runs_; }
  [[nodiscard]] double timeout() const { return timeout_; }

 private:
  QualifyRun& run(const std::optional<Solutions>& without);
  [[nodiscard]] std::vector<std::string> command_for(const std::filesystem::path& place) const;
  void collect(const std::filesystem::path& place) const;
  void refuse_old_files() const;
  [[nodiscard]] std::string kept_name(const std::string& file) const;
  [[nodiscard]] std::vector<std::string> outputs() const;
  [[nodiscard]] TrialOutcome judge(const QualifyRun& run) const;
  [[nodiscard]] TrialOutcome judge_output(const std::string& name, const QualifyRun& run) const;
  [[nodiscard]] bool same_by_command(const std::filesystem::path& reference,
                                     const std::filesystem::path& place) const;
  void measure_noise();

  QualifySettings settings_;
  bool has_place_ = false;  ///< the command has {out}
  double timeout_ = 0;
  std::size_t bare_ = 0;  ///< the first so many runs
  std::map<std::string, Noise> noise_;
  std::vector<QualifyRun> runs_;
};

}  // namespace fib::cli
