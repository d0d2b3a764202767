// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "dispatch/shadow/shadow_plan.h"

namespace fib::dispatch {

/// One launch that is being verified, or whose mismatch waits for the background thread.
struct ShadowSlot {
  enum class State : std::uint64_t {
    Free,
    Filling,     ///< belongs to the launching thread
    Pending,     ///< belongs to nobody: the GPU has still to write the report
    Reading,     ///< belongs to the thread that found the report complete
    Mismatched,  ///< belongs to nobody: memory is kept until the record is made
    Lost         ///< for ever: work that nothing can be heard of may still use the memory
  };
  static constexpr std::size_t kMaxParameterBytes = 4096;

  /// State and the number of the launch, so that whoever looks at a slot for long does not take its
  /// next launch for this one. All else is written by the owner and published by a change of it.
  std::atomic<std::uint64_t> word{0};
  std::atomic<const Generation*> generation{nullptr};  ///< for Shadow::uses()
  unsigned units = 0;          ///< of scratch memory, from the slot's own number on
  std::uint64_t memory = 0;    ///< address of the first
  std::uint64_t sequence = 0;  ///< number of the launch: the report is complete when it has it
  bool compares = false;       ///< false: the report only says that the memory is free
  CUresult candidate_error = CUDA_SUCCESS;  ///< of its launch

  match::Decision decision;
  const KernelEntry* entry = nullptr;
  match::Bound bound;  ///< what the engine's launch had
  std::array<std::uint32_t, match::kGeometryTerms> geometry{};
  ShadowPlan plan;
  /// The engine's parameters, one behind the other as the layout says; cut off at the first that
  /// does not fit.
  std::size_t parameter_count = 0, parameter_bytes = 0;
  std::array<std::byte, kMaxParameterBytes> parameters;

  [[nodiscard]] std::uint64_t address(std::uint64_t place) const noexcept { return memory + place; }
  static constexpr State state_of(std::uint64_t word) noexcept {
    return static_cast<State>(word & 7);
  }
  static constexpr std::uint64_t sequence_of(std::uint64_t word) noexcept { return word >> 3; }

  [[nodiscard]] bool is(State wanted) const noexcept {
    return state_of(word.load(std::memory_order_acquire)) == wanted;
  }
  /// By the owner.
  void set(State state) noexcept {
    word.store(sequence << 3 | static_cast<std::uint64_t>(state), std::memory_order_release);
  }
};

}  // namespace fib::dispatch
