// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dispatch/generation.h"
#include "driver/launch_call.h"
#include "registry/match/match_table.h"

namespace fib::dispatch {

struct KernelEntry;

/// Limits of what a candidate launches at once; one that needs more is NotLoaded.
inline constexpr std::size_t kMaxKernels = 8;
inline constexpr std::size_t kMaxPreparedBytes = 16384;  ///< of arguments, all kernels together
inline constexpr std::size_t kMaxPreparedArguments = 512;

/// Where a launch is to happen.
enum class Place : std::uint8_t {
  Eager,  ///< on the call's stream, now
  Graph   ///< as a kernel node: one kernel, no workspace; the call's stream means nothing
};

/// One kernel of a candidate with everything but its stream.
struct PreparedKernel {
  CUfunction function;  ///< for cuLaunchKernel and for kernel nodes
  match::LaunchNumbers numbers;
  void** params;  ///< into PreparedLaunch's buffers
  const match::LaunchAttributes* attributes;
};

/// What a decision found, and what launching it takes. Large and not initialised: a caller has one
/// on its stack. Not to be copied, since it points into itself; valid for as long as the
/// ReadSection in which it was made, and the engine's call.
struct PreparedLaunch {
  PreparedLaunch() noexcept {}  // NOLINT: on purpose, see above
  PreparedLaunch(const PreparedLaunch&) = delete;
  PreparedLaunch& operator=(const PreparedLaunch&) = delete;

  match::Decision decision;  ///< a hit: everything below is valid
  Generation* generation;
  KernelEntry* entry;       ///< of the engine's kernel
  std::size_t gpu;          ///< kind of the current context's GPU
  match::LaunchView view;   ///< of the engine's launch
  match::Bound bound;       ///< what the rule read from it
  std::uint64_t workspace;  ///< address, 0 if none is needed
  std::size_t kernel_count;
  /// Made one by one in prepare(): to initialise all would cost more than to decide.
  union {
    std::array<PreparedKernel, kMaxKernels> kernels;
  };
  /// Of the engine's attributes those that all of the candidate's kernels get.
  std::array<CUlaunchAttribute, 8> carried;
  std::size_t carried_count;
  bool is_dependent;  ///< the engine's launch has programmatic stream serialization
  alignas(16) std::array<std::byte, kMaxPreparedBytes> storage;
  std::array<void*, kMaxPreparedArguments> pointers;
};

/// Makes `view`, whatever it was, one of the engine's launch, for tables. Borrows from `call` and
/// `entry`.
void make_view(const driver::LaunchCall& call, const KernelEntry& entry,
               match::LaunchView& view) noexcept;

/// Fills in kernels of `decision.candidate` from `view`, `bound` and `workspace`: also with other
/// addresses in `bound` than the launch had (shadow verification). Allocates nothing.
[[nodiscard]] match::LaunchFailure prepare(PreparedLaunch& prepared) noexcept;

/// Attributes of the launch: those to carry over into `prepared`; false if there is one that a
/// candidate can't have. Reads `prepared.decision`.
[[nodiscard]] bool carry_attributes(const driver::LaunchCall& call,
                                    PreparedLaunch& prepared) noexcept;

/// Whether an output of this launch is the memory of an input, and the candidate has several
/// kernels: it may fail between two of them, and then the original must find its inputs as they
/// were. Reads `prepared.decision` and `bound`. Inline: on every hit, and most have one kernel.
[[nodiscard]] inline bool overwrites_inputs(const PreparedLaunch& prepared) noexcept {
  const match::MatchTable& table = prepared.generation->table();
  const match::CompiledCandidate& candidate = table.candidate(prepared.decision.candidate);
  if (candidate.launch.kernels.size() == 1) return false;
  const std::size_t tensors = table.definition(candidate.definition).tensors.size();
  for (std::size_t output = 0; output < tensors; ++output)
    for (std::size_t input = 0; input < tensors; ++input)
      if ((candidate.in_place[output] & match::bit(input)) != 0 &&
          prepared.bound.values[output] == prepared.bound.values[input])
        return true;
  return false;
}

/// Launches all kernels on `stream`, as the driver names it (CU_STREAM_PER_THREAD ...). Stops at
/// the first error; `launched` says how many kernels the driver took.
[[nodiscard]] CUresult issue(const driver::DriverApi& api, const PreparedLaunch& prepared,
                             CUstream stream, std::size_t& launched) noexcept;

/// Stream that a launch goes to: the thread's own for stream 0 of a _ptsz entry point.
[[nodiscard]] inline CUstream stream_of(const driver::LaunchCall& call) noexcept {
  return call.per_thread_stream && call.stream == nullptr ? CU_STREAM_PER_THREAD : call.stream;
}

}  // namespace fib::dispatch
