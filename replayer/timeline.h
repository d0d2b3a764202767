// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// Where the time of a window goes. What the host did and when is measured (by the recorder), how
/// long each kernel runs as well (by a replay); when each kernel starts is modelled: as soon as the
/// call that launched it has returned, and what it has to wait for in its stream is over.
namespace fib::replayer {

/// A stream, as far as order is concerned.
struct TimelineStream {
  std::uint64_t context = 0, handle = 0;
  std::uint32_t thread = 0;  ///< of a per-thread stream; else 0
  bool legacy = false;       ///< waits for all blocking streams of its context, and they for it
  bool blocking = true;

  bool operator==(const TimelineStream&) const = default;
};

/// One thing that a stream was told to do, in the order of the calls.
struct TimelineWork {
  enum class Kind {
    Kernel,
    Other,   ///< a copy, a set, host code: takes no time in the model
    Record,  ///< `event` happens when the stream gets here
    Wait,    ///< the stream waits for `event`
  };
  Kind kind = Kind::Kernel;
  std::size_t stream = 0;       ///< index into Timeline::streams
  std::uint64_t issued_ns = 0;  ///< when the call returned, from the window's begin
  std::uint64_t gpu_ns = 0;     ///< Kernel: how long it runs
  std::uint64_t event = 0;      ///< Record, Wait
  std::uint32_t name = 0;       ///< Kernel: index into Timeline::names
  std::uint32_t call = 0;       ///< works of one graph launch have the same number
  /// Kernel of a graph: indexes (into Timeline::works) of the works of the same call that come
  /// before it. Works of a call with more than one begin when the call's stream lets them.
  std::vector<std::size_t> after;
};

struct Timeline {
  std::vector<TimelineStream> streams;
  std::vector<std::string> names;  ///< mangled
  std::vector<TimelineWork> works;
  std::uint64_t window_ns = 0;    ///< from the window's begin to its end
  std::uint64_t unmeasured = 0;   ///< kernels whose GPU time is not known; they count as 0
  std::uint64_t other_calls = 0;  ///< copies and sets; they count as 0
};

/// When a kernel ran, in the model.
struct KernelSpan {
  std::size_t work;  ///< index into Timeline::works
  std::uint64_t start_ns, end_ns;
  bool host_late;  ///< it started when its call returned: the GPU had nothing else to wait for
};

/// Runs the model. Spans are in the order of the works.
[[nodiscard]] std::vector<KernelSpan> simulate(const Timeline& timeline);

}  // namespace fib::replayer
