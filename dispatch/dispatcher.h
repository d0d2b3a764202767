// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dispatch/candidate_loader.h"
#include "dispatch/contexts.h"
#include "dispatch/counters.h"
#include "dispatch/deployment.h"
#include "dispatch/generation.h"
#include "dispatch/image_hashes.h"
#include "dispatch/kernel_entries.h"
#include "dispatch/options.h"
#include "dispatch/original.h"
#include "dispatch/prepared_launch.h"
#include "dispatch/quiescence.h"
#include "dispatch/verifier.h"
#include "dispatch/workspaces.h"
#include "driver/launch_call.h"
#include "recorder/captures.h"

namespace fib::dispatch {

/// A candidate that somebody holds on to, for as long as it likes (graph executables do).
struct CandidateUse {
  std::string name, fingerprint;
};

/// Decides what happens to launches, and launches. One per process (and of tests), never destroyed
/// in a process. Whatever goes wrong, the engine's own call is made. Never throws.
class Dispatcher {
 public:
  Dispatcher(const Options& options, const driver::DriverApi& api) noexcept;
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  /// Before the first call that is dispatched. Neither is owned; null: none.
  void set_source(DeploymentSource* source) noexcept { source_ = source; }
  void set_verifier(Verifier* verifier) noexcept { verifier_ = verifier; }

  // ---- launches: within a ReadSection ----------------------------------------------------------

  /// A launch outside graphs. No allocation, lock, system call or driver query once the kernel is
  /// known and while no stream is capturing.
  [[nodiscard]] CUresult launch(const driver::LaunchCall& call, const Original& original) noexcept;

  /// What is to become of a launch, and what that takes. A hit: `prepared` can be issued, or
  /// written into a graph node. Counts the decision in the kernel's block, except that hits of
  /// Place::Eager and Place::Graph are also counted by count_hit(), once they are in effect.
  /// `call.attributes` are the node's, for graphs. Needs the GPU's context to be current if there
  /// are several kinds of GPUs. No allocation once the kernel is known.
  [[nodiscard]] match::Decision decide(const driver::LaunchCall& call, Place place,
                                       PreparedLaunch& prepared) noexcept;
  void count_hit(const PreparedLaunch& prepared, Place place) noexcept;

  // ---- for graph executables -------------------------------------------------------------------

  /// Changes whenever something may no longer be used, or may be again: demotion, the switch, a new
  /// generation. One relaxed load tells that nothing has changed since the last look.
  [[nodiscard]] const std::atomic<std::uint64_t>& changes() const noexcept { return changes_; }
  /// Whether this candidate may be launched now: redirection is on, and the generation has it with
  /// this fingerprint, loaded and not demoted. Code that was loaded stays loaded for ever, whatever
  /// this says. Within a ReadSection.
  [[nodiscard]] bool allows(const CandidateUse& use) const noexcept;
  [[nodiscard]] CandidateUse use_of(const PreparedLaunch& prepared) const;
  /// False: nothing would be redirected; decide() need not be asked.
  [[nodiscard]] bool is_active() const noexcept {
    return active_.load(std::memory_order_acquire) != nullptr;
  }
  /// Whether any rule may apply to this kernel; else its attributes need not be read. Within a
  /// ReadSection.
  [[nodiscard]] bool has_rules(CUfunction handle) noexcept {
    Generation* const generation = active_.load(std::memory_order_acquire);
    KernelEntry* const entry = generation != nullptr ? entries_.find(handle) : nullptr;
    const std::size_t gpu = contexts_.current_gpu();
    return entry != nullptr && gpu != Contexts::kNoGpu &&
           entries_.rules(handle, *entry, *generation, gpu).count != 0;
  }
  [[nodiscard]] bool is_shadow_only() const noexcept { return options_.shadow_only; }
  [[nodiscard]] recorder::Captures& captures() noexcept { return captures_; }
  [[nodiscard]] Counters& counters() noexcept { return counters_; }
  [[nodiscard]] const Counters& counters() const noexcept { return counters_; }
  [[nodiscard]] const Contexts& contexts() const noexcept { return contexts_; }
  [[nodiscard]] const driver::DriverApi& api() const noexcept { return api_; }

  // ---- control: any thread, not within a ReadSection -------------------------------------------

  /// Loads the deployment's code in all contexts that are there and swaps it in. Demotions of
  /// candidates with the same name and fingerprint stay. False: it was not, and nothing changed.
  bool install(std::unique_ptr<Deployment> deployment) noexcept;
  /// Asks the source, then install(). False: the old generation stays (it has been said).
  bool reload() noexcept;
  /// By name, in this process and for good. False: there is no such candidate in the generation.
  bool demote(std::string_view name, const char* why) noexcept;
  /// The kill switch: takes effect at each thread's next launch.
  void switch_off() noexcept;
  void switch_on() noexcept;
  /// Every few milliseconds, by the control thread: memory to make or free.
  void tick() noexcept;
  /// Kinds of GPUs; empty until the first context appears.
  [[nodiscard]] std::span<const Gpu> gpus() const noexcept { return contexts_.gpus(); }
  [[nodiscard]] std::uint32_t generation_number() const noexcept;

  /// The same within a ReadSection, for a candidate of this generation: by launches and verifiers.
  void demote(Generation& generation, std::int32_t candidate, const char* why) noexcept;

  // ---- events: from hooks, not within a ReadSection --------------------------------------------

  /// After the driver made or retained a context: the first one makes the deployment. It need not
  /// be current.
  void context_appeared(CUcontext context) noexcept;
  /// Before a context may end; null: any may.
  void context_ending(CUcontext context) noexcept;
  /// The same for primary contexts, which end with their last reference.
  void primary_appeared(CUdevice device, CUcontext context) noexcept;
  void primary_ending(CUdevice device) noexcept;
  /// After the driver's call, whatever came of it: the context may still be there.
  void primary_released(CUdevice device) noexcept;
  /// Before code is unloaded.
  void code_ending(const void* container) noexcept;
  /// After a module or library was loaded from a file.
  void code_file_loaded(const void* container, bool is_library, const char* path) noexcept;
  /// After a module or library was loaded from memory.
  void code_loaded(const void* container, bool is_library, const void* image) noexcept;
  /// Before a stream is destroyed.
  void stream_ending(CUstream stream) noexcept;

 private:
  // Launches.
  [[nodiscard]] CUresult consider(const driver::LaunchCall& call, Generation& generation,
                                  KernelEntry& entry, std::size_t gpu,
                                  const match::KernelRules& rules,
                                  const Original& original) noexcept;
  [[nodiscard]] CUresult not_launched(PreparedLaunch& prepared, CUresult error,
                                      const Original& original) noexcept;
  void look_up(const driver::LaunchCall& call, Place place, const match::KernelRules& rules,
               PreparedLaunch& prepared) noexcept;
  [[nodiscard]] match::Reason make_ready(const driver::LaunchCall& call, Place place,
                                         PreparedLaunch& prepared) noexcept;
  [[nodiscard]] bool is_capturing(CUstream stream) const noexcept;
  [[nodiscard]] bool is_sampled() noexcept;

  // Control, with mutex_.
  bool install_locked(std::unique_ptr<Deployment> deployment) noexcept;
  bool ask_source() noexcept;
  [[nodiscard]] std::unique_ptr<Deployment> read_source() noexcept;
  void demote_listed(Generation& generation) noexcept;
  void carry_demotions(const Generation& from, Generation& to) noexcept;
  void prepare_context(CUcontext context, Generation& generation) noexcept;
  void publish() noexcept;
  void free_retired() noexcept;
  void set_off(bool off) noexcept;

  // What a launch reads comes first, in one cache line.
  std::atomic<Generation*> active_{nullptr};  ///< null: off, or nothing installed
  std::atomic<std::uint64_t> changes_{0};
  Verifier* verifier_ = nullptr;
  std::atomic<std::uint64_t> hits_{0};  ///< counted for samples only
  const driver::DriverApi& api_;
  const Options options_;

  recorder::Captures captures_;
  Counters counters_;
  Contexts contexts_;
  ImageHashes images_;
  KernelEntries entries_;
  CandidateLoader loader_;
  Workspaces workspaces_;
  DeploymentSource* source_ = nullptr;
  const bool can_free_;  ///< old generations, ever

  std::mutex source_mutex_;
  mutable std::mutex mutex_;  ///< changing any of the following; held while code is loaded
  std::unique_ptr<Generation> installed_;
  std::vector<std::unique_ptr<Generation>> retired_;  ///< a launch may still be reading them
  std::atomic<bool> has_asked_{false};                ///< the source, for the first time
  std::atomic<bool> is_off_{false};                   ///< set before the mutex is waited for
  std::uint32_t last_number_ = 0;
};

}  // namespace fib::dispatch
