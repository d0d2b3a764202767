// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dispatch/deployment.h"
#include "dispatch/rule_sets.h"
#include "driver/driver_api.h"
#include "trace/counters.h"

namespace fib::dispatch {

/// Whether a candidate can be launched.
enum class Readiness : std::uint8_t {
  Ready,
  NotLoaded,  ///< its code is not there, or no context took it
};

/// A Deployment made ready for launches: its code is loaded. Readers hold a ReadSection for as long
/// as they use one. What changes is atomic: demotions, readiness, and rule sets, which only grow.
class Generation {
 public:
  /// Most kinds of GPUs in one process.
  static constexpr std::size_t kMostGpus = 8;

  /// Nothing is loaded yet. `number` is from 1, one more with every install.
  Generation(std::uint32_t number, std::unique_ptr<Deployment> deployment,
             std::span<const Gpu> gpus);
  Generation(const Generation&) = delete;
  Generation& operator=(const Generation&) = delete;

  [[nodiscard]] std::uint32_t number() const noexcept { return number_; }
  [[nodiscard]] const Deployment& deployment() const noexcept { return *deployment_; }
  [[nodiscard]] const match::MatchTable& table() const noexcept { return *deployment_->table; }
  [[nodiscard]] const match::Demotions& demotions() const noexcept { return demotions_; }
  [[nodiscard]] match::Demotions& demotions() noexcept { return demotions_; }

  /// Kinds of GPUs that it is for: at most kMostGpus.
  [[nodiscard]] std::size_t gpus() const noexcept { return gpus_.size(); }
  [[nodiscard]] const Gpu& gpu(std::size_t gpu) const noexcept { return gpus_[gpu]; }
  /// The table's number for a kind of GPU.
  [[nodiscard]] match::ModelId model(std::size_t gpu) const noexcept { return models_[gpu]; }

  [[nodiscard]] Readiness readiness(std::int32_t candidate) const noexcept {
    return readiness_[index(candidate)].load(std::memory_order_acquire);
  }
  /// Handle for cuLaunchKernel of a candidate's kernel: a CUkernel, so of no context. For a Ready
  /// candidate; null for the first kernel: it has no code for this kind of GPU.
  [[nodiscard]] CUfunction function(std::int32_t candidate, std::size_t kernel,
                                    std::size_t gpu) const noexcept {
    return functions_[first_[index(candidate)] + kernel * gpus_.size() + gpu];
  }
  /// Process-wide counters of a candidate; never null.
  [[nodiscard]] trace::CandidateCounters& counters(std::int32_t candidate) const noexcept {
    return *counters_[index(candidate)];
  }
  /// Rules per kernel, by number.
  [[nodiscard]] RuleSets& rule_sets() noexcept { return rule_sets_; }

 private:
  friend class CandidateLoader;

  static std::size_t index(std::int32_t candidate) noexcept {
    return static_cast<std::size_t>(candidate);
  }

  const std::uint32_t number_;
  const std::unique_ptr<Deployment> deployment_;
  const std::vector<Gpu> gpus_;
  match::Demotions demotions_;
  std::array<match::ModelId, kMostGpus> models_{};
  std::unique_ptr<std::atomic<Readiness>[]> readiness_;
  std::vector<std::size_t> first_;     ///< per candidate: its place in functions_
  std::vector<CUfunction> functions_;  ///< [candidate][kernel][gpu]; fixed before it is Ready
  std::vector<trace::CandidateCounters*> counters_;
  RuleSets rule_sets_;
};

}  // namespace fib::dispatch
