// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "dispatch/dispatcher.h"
#include "dispatch/options.h"
#include "dispatch/shadow/context_scratch.h"
#include "dispatch/shadow/mismatch.h"
#include "dispatch/verifier.h"
#include "recorder/handle_table.h"

namespace fib::dispatch {

/// Shadow verification: the candidate runs on scratch copies beside the incumbent, and the GPU
/// compares. All of it goes to the engine's stream, in this order: copies of the inputs, for the
/// record; the outputs' old contents, to scratch memory; the candidate, which finds its outputs
/// there; the engine's own launch; a copy of its outputs; the comparison, which writes a report to
/// host memory. Nobody waits. Reports are read by the next launch that is verified, or by tick();
/// the first mismatch demotes the candidate, and tick() writes its record. Scratch memory is used
/// again only after the report was read.
class Shadow final : public Verifier {
 public:
  /// `dispatcher` outlives it.
  Shadow(const Options& options, const driver::DriverApi& api, Dispatcher& dispatcher) noexcept;

  ~Shadow() override;  ///< of tests: no launch is under way, and contexts have ended
  Shadow(const Shadow&) = delete;
  Shadow& operator=(const Shadow&) = delete;

  CUresult run(const driver::LaunchCall& call, PreparedLaunch& prepared,
               const Original& original) noexcept override;
  void context_appeared(CUcontext context) noexcept override;
  void context_ending(CUcontext context) noexcept override;
  void stream_ending(CUstream) noexcept override {}  // what was launched on it still runs
  [[nodiscard]] bool uses(const Generation& generation) const noexcept override;
  void tick() noexcept override;

  /// Before the process ends: what tick() does, for the last time.
  void finish() noexcept;

  /// Launches that were not verified, by reason.
  [[nodiscard]] std::uint64_t unverified(Unverified reason) const noexcept {
    return unverified_[static_cast<std::size_t>(reason)].load(std::memory_order_relaxed);
  }

 private:
  using Mismatches = std::vector<std::unique_ptr<Mismatch>>;
  struct Context {
    CUcontext handle = nullptr;
    ContextScratch scratch;
    explicit Context(const driver::DriverApi& api) noexcept : scratch(api) {}
  };

  // shadow.cpp: on the launching thread
  [[nodiscard]] Context* current() const noexcept;
  [[nodiscard]] ShadowSlot* begin(ContextScratch& scratch, const driver::LaunchCall& call,
                                  PreparedLaunch& prepared) noexcept;
  [[nodiscard]] ShadowSlot* claim(ContextScratch& scratch, PreparedLaunch& prepared) noexcept;
  [[nodiscard]] Unverified redirect(ShadowSlot& slot, PreparedLaunch& prepared) noexcept;
  [[nodiscard]] CUresult copy_in(const ShadowSlot& slot, CUstream stream) noexcept;
  void end(ContextScratch& scratch, ShadowSlot& slot, const driver::LaunchCall& call,
           PreparedLaunch& prepared, CUresult result) noexcept;
  void refused(const ShadowSlot& slot, PreparedLaunch& prepared) noexcept;
  [[nodiscard]] CUresult copy_out(const ShadowSlot& slot, CUstream stream) noexcept;
  void leave_out(const PreparedLaunch& prepared, Unverified reason) noexcept;

  // shadow_results.cpp
  /// On a launching thread: reports of launches of this generation, others wait for tick().
  void harvest(ContextScratch& scratch, Generation& generation) noexcept;
  /// On other threads, under mutex_.
  void harvest(ContextScratch& scratch) noexcept;
  [[nodiscard]] bool has_failed(ContextScratch& scratch, ShadowSlot& slot) noexcept;
  void keep_or_free(ContextScratch& scratch, ShadowSlot& slot, bool is_first) noexcept;
  [[nodiscard]] bool want_demoted(const ShadowSlot& slot) noexcept;
  void collect(ContextScratch& scratch) noexcept;
  void demote_wanted(const std::vector<CandidateUse>& uses) noexcept;
  void record(const Mismatches& found) noexcept;
  void say_reasons() noexcept;

  // shadow_contexts.cpp
  void create(CUcontext context) noexcept;
  [[nodiscard]] Context* unused() noexcept;
  void look_at(Context& context) noexcept;
  void look_at_all() noexcept;
  void drop(Context& context) noexcept;
  void settle(std::unique_lock<std::mutex> lock, bool may_demote) noexcept;

  /// Mismatches of one process that get a record.
  static constexpr std::size_t kMostRecords = 16;

  static constexpr std::size_t kMostContexts = 64;

  const Options options_;
  std::string directory_;        ///< of records, wherever the engine goes; empty: none
  std::array<char, 600> why_{};  ///< a mismatched candidate is demoted
  const driver::DriverApi& api_;
  Dispatcher& dispatcher_;
  recorder::HandleTable<Context> table_;  ///< of those that are alive, for launches
  /// All there ever were; not freed before the end, since a launch may still look. Those of
  /// contexts that are gone have no handle and are used again.
  std::array<std::atomic<Context*>, kMostContexts> contexts_{};

  /// Held while anything below or table_ changes, and while reports are read or memory is freed by
  /// a thread that does not launch. Never while the dispatcher is called, which may call us.
  std::mutex mutex_;
  bool finished_ = false;
  std::size_t records_ = 0;
  std::vector<CandidateUse> to_demote_;
  Mismatches to_record_;
  std::array<bool, kUnverifiedReasons> said_{};

  std::array<std::atomic<std::uint64_t>, kUnverifiedReasons> unverified_{};
  /// The first candidate with this reason; null: none yet.
  std::array<std::atomic<trace::CandidateCounters*>, kUnverifiedReasons> to_say_{};
};

}  // namespace fib::dispatch
