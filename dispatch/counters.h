// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "dispatch/deployment.h"
#include "dispatch/options.h"
#include "registry/match/reason.h"
#include "trace/counters.h"

namespace fib::dispatch {

static_assert(match::kReasons <= trace::kMaxCountedReasons);

/// The counters page of this process (trace/counters.h): blocks are given out once per name and
/// stay. Without shared memory it lies in ordinary memory, which is said.
class Counters {
 public:
  explicit Counters(const Options& options) noexcept;
  Counters(const Counters&) = delete;
  Counters& operator=(const Counters&) = delete;

  /// False: there was no memory at all, and nothing below may be called.
  [[nodiscard]] bool is_valid() const noexcept { return page_ != nullptr; }

  /// Blocks by name; take a lock. Never null: when none is left, one for all others.
  [[nodiscard]] trace::KernelCounters* kernel(std::string_view name) noexcept;
  [[nodiscard]] trace::CandidateCounters* candidate(std::string_view name) noexcept;

  void set_gpus(std::span<const Gpu> gpus) noexcept;
  void set_generation(std::uint32_t number) noexcept;
  void set_off(bool off) noexcept;
  /// True if that is news.
  bool set_state(trace::CandidateCounters& candidate, trace::CandidateState state,
                 const char* why) noexcept;

  /// What was decided for a launch or a graph node. Hot path.
  static void count(trace::KernelCounters& kernel, match::Reason reason) noexcept {
    kernel.reasons[static_cast<std::size_t>(reason)].fetch_add(1, std::memory_order_relaxed);
  }
  /// A hit that is in effect. Hot path.
  void count_hit(trace::KernelCounters& kernel, trace::CandidateCounters& candidate,
                 bool in_graph) noexcept;

  /// A copy of the page up to the last block in use, to the file of this name ("%p": the number of
  /// the process), if the process had a context; says what goes wrong.
  void write_report(const char* name) noexcept;
  [[nodiscard]] const trace::CountersPage& page() const noexcept { return *page_; }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }  ///< -1: none

 private:
  void map() noexcept;
  template <class Block, std::size_t N>
  Block* give_out(Block (&blocks)[N], std::atomic<std::uint32_t>& count,
                  std::unordered_map<std::string, Block*>& known, std::string_view name) noexcept;

  int descriptor_ = -1;
  trace::CountersPage* page_ = nullptr;
  std::mutex mutex_;
  std::unordered_map<std::string, trace::KernelCounters*> kernels_;
  std::unordered_map<std::string, trace::CandidateCounters*> candidates_;
};

}  // namespace fib::dispatch
