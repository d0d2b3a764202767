// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

/// What a process in the modes apply and shadow counts, as shared memory: a memfd of this name that
/// `fib explain --live` finds in /proc. A report (FIBSHIM_REPORT) is a copy of it, cut off behind
/// the last kernel block in use. Whoever reads one takes it for hostile. Strings are
/// NUL-terminated, and cut to fit; they are complete before the count that makes them visible is
/// raised.
namespace fib::trace {

inline constexpr char kCountersName[] = "fibshim-counters";
inline constexpr char kCountersMagic[8] = {'F', 'I', 'B', 'C', 'N', 'T', 'R', '\0'};
inline constexpr std::uint32_t kCountersVersion = 1;

inline constexpr std::size_t kMaxCountedReasons = 48;
inline constexpr std::size_t kMaxCountedCandidates = 1024;
inline constexpr std::size_t kMaxCountedKernels = 16384;
inline constexpr std::size_t kMaxCountedGpus = 8;

enum class CountersMode : std::uint32_t { Apply = 1, Shadow = 2 };

/// What became of a candidate in this process.
enum class CandidateState : std::uint32_t {
  Unknown = 0,  ///< of an earlier generation
  Ready = 1,
  NotLoaded = 2,
  Demoted = 3
};

using Counter = std::atomic<std::uint64_t>;

struct CountersHeader {
  char magic[8];
  std::uint32_t version;
  std::uint32_t pid;
  std::uint32_t mode;                     ///< CountersMode
  std::uint32_t reason_count;             ///< names in `reasons`
  std::uint32_t gpu_count;                ///< names in `gpus`; 0 until the first context appears
  std::atomic<std::uint32_t> generation;  ///< 0: nothing was installed yet
  std::atomic<std::uint32_t> is_off;      ///< 1: switched off
  std::atomic<std::uint32_t> candidate_count;
  std::atomic<std::uint32_t> kernel_count;
  std::uint32_t reserved;
  char registry[512];
  char gpus[kMaxCountedGpus][128];
  char reasons[kMaxCountedReasons][32];  ///< names, by place in KernelCounters::reasons
};

/// One candidate by name; stays when a new generation comes.
struct CandidateCounters {
  char name[184];
  char why[256];                     ///< why it is NotLoaded or Demoted
  std::atomic<std::uint32_t> state;  ///< CandidateState
  std::uint32_t reserved;
  Counter eager;       ///< launches given to it outside graphs
  Counter in_graphs;   ///< graph nodes given to it, at each instantiation or update
  Counter failed;      ///< launches that the driver refused, each launched as the original
  Counter shadowed;    ///< launches compared with the incumbent
  Counter mismatched;  ///< of these, those that differed by more than is allowed
  Counter unverified;  ///< launches that were to be compared and could not be
  Counter reserved_counters[1];
};

/// How often one candidate got launches of one kernel.
struct KernelCandidate {
  std::atomic<std::uint32_t> candidate;  ///< place in `candidates`, plus 1; 0: unused
  std::uint32_t reserved;
  Counter eager, in_graphs;
};

/// One kernel of the engine, by mangled name. Once there are too many, the last block is for all
/// others, with the name "(others)"; so it is with candidates.
struct KernelCounters {
  static constexpr std::size_t kCandidates = 4;
  char name[520];
  KernelCandidate candidates[kCandidates];  ///< the first that it got
  /// Launches and graph nodes by match::Reason: what was decided for them.
  Counter reasons[kMaxCountedReasons];
};

struct CountersPage {
  CountersHeader header;
  CandidateCounters candidates[kMaxCountedCandidates];
  KernelCounters kernels[kMaxCountedKernels];
};

static_assert(std::is_standard_layout_v<CountersPage>);
static_assert(std::atomic<std::uint32_t>::is_always_lock_free && Counter::is_always_lock_free);
static_assert(sizeof(CandidateCounters) == 504 && sizeof(KernelCounters) == 1000);

}  // namespace fib::trace
