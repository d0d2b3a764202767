// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>

#include "dispatch/candidate_loader.h"
#include "dispatch/contexts.h"
#include "dispatch/counters.h"
#include "dispatch/image_hashes.h"
#include "dispatch/kernel_entries.h"
#include "dispatch/prepared_launch.h"
#include "judge/trial/guarded_memory.h"
#include "judge/trial/subject.h"
#include "judge/trial_request.h"
#include "registry/bindings/table_source.h"
#include "registry/store/registry.h"

namespace fib::judge {

/// A candidate for a subject's launch, decided, loaded and launched by what redirects launches in
/// production: only the policy is another one, which pins this candidate.
class Candidate {
 public:
  /// Reads the registry. Throws registry::RegistryError where it can't be read, or lacks the
  /// Solution or its Definition.
  explicit Candidate(const TrialRequest& request);

  enum class State {
    Ready,
    NotApplicable,  ///< it would never be launched for this launch
    NotBuilt,
    NotLoaded  ///< the driver does not take its code
  };
  /// Finds out whether it would be launched, and loads it if so; `why` says why not, in one line.
  /// Throws driver::DriverError.
  [[nodiscard]] State prepare(Subject& subject, std::string& why);

  // Once it is Ready.
  [[nodiscard]] const dispatch::PreparedLaunch& prepared() const { return *prepared_; }
  /// Names of its kernels, in the order of their launches.
  [[nodiscard]] std::vector<std::string> kernel_names() const;
  /// Launches all of its kernels on the subject's stream and does not wait.
  [[nodiscard]] CUresult launch() noexcept;
  /// Launches it with another value of a scalar input from now on, an integer; false if that can't
  /// be. reset_scalars() takes all of them back.
  [[nodiscard]] bool set_scalar(const std::string& name, std::int64_t value);
  void reset_scalars();
  /// Fills its workspace with a pattern; nothing if it has none. Throws driver::DriverError.
  void poison_workspace(std::uint64_t seed, std::uint32_t pattern);
  /// Where it wrote outside of its workspace since then; empty: nowhere it could be seen.
  [[nodiscard]] std::string strayed_from_workspace();

  [[nodiscard]] const registry::Definition& definition() const { return definition_->record; }
  [[nodiscard]] const match::Policy& policy() const { return policy_; }
  [[nodiscard]] const registry::Solution& solution() const { return solution_->record; }

 private:
  /// What the table is built from: this Definition, its bindings, this candidate.
  [[nodiscard]] match::TableSpec table_spec(const WorkloadLaunch* workload,
                                            registry::Findings& findings);
  [[nodiscard]] std::unique_ptr<const match::MatchTable> table(const WorkloadLaunch* workload,
                                                               std::string& why);
  [[nodiscard]] std::unique_ptr<dispatch::Deployment> deployment(const WorkloadLaunch* workload,
                                                                 std::string& why);
  [[nodiscard]] match::KernelRules rules(Subject& subject,
                                         const dispatch::KernelEntry& entry) const;
  [[nodiscard]] State load(Subject& subject, std::string& why);
  [[nodiscard]] State decide(Subject& subject, std::string& why);
  [[nodiscard]] State make_ready(const driver::LaunchCall& call, Subject& subject,
                                 std::string& why);

  const TrialRequest& request_;
  registry::Registry registry_;
  const registry::Stored<registry::Definition>* definition_;
  const registry::Stored<registry::Solution>* solution_;
  match::Policy policy_;
  Subject* subject_ = nullptr;
  std::unique_ptr<dispatch::Contexts> contexts_;
  std::unique_ptr<dispatch::Counters> counters_;
  std::unique_ptr<dispatch::ImageHashes> images_;
  std::unique_ptr<dispatch::KernelEntries> entries_;
  std::unique_ptr<dispatch::KernelEntry> no_kernel_;  ///< of a Workload
  std::unique_ptr<dispatch::CandidateLoader> loader_;
  std::unique_ptr<dispatch::Generation> generation_;
  std::unique_ptr<dispatch::PreparedLaunch> prepared_;
  std::unique_ptr<GuardedMemory> workspace_;
  std::map<std::size_t, std::int64_t> scalars_;  ///< that were changed: what they were, by slot
};

}  // namespace fib::judge
