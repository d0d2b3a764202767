// SPDX-License-Identifier: Apache-2.0
#include "replayer/timeline.h"

#include <algorithm>
#include <unordered_map>

namespace fib::replayer {
namespace {

class Model {
 public:
  explicit Model(const Timeline& timeline)
      : timeline_(timeline), free_at_(timeline.streams.size()), ends_(timeline.works.size()) {}

  std::vector<KernelSpan> run() {
    const auto& works = timeline_.works;
    for (std::size_t i = 0; i < works.size();) {
      std::size_t end = i + 1;
      while (end < works.size() && works[end].call == works[i].call) ++end;
      run_call(i, end);
      i = end;
    }
    return std::move(spans_);
  }

 private:
  /// Works of one call: a launch, or all of a graph.
  void run_call(std::size_t begin, std::size_t end) {
    const TimelineWork& first = timeline_.works[begin];
    const std::uint64_t ready = ready_at(first.stream);
    std::uint64_t over = ready;
    for (std::size_t i = begin; i < end; ++i) over = std::max(over, run_work(i, ready));
    free_at_[first.stream] = over;
  }

  std::uint64_t run_work(std::size_t index, std::uint64_t ready) {
    const TimelineWork& work = timeline_.works[index];
    for (const std::size_t before : work.after) ready = std::max(ready, ends_[before]);
    std::uint64_t start = std::max(ready, work.issued_ns);
    std::uint64_t end = start;
    switch (work.kind) {
      case TimelineWork::Kind::Kernel:
        end = start + work.gpu_ns;
        spans_.push_back({index, start, end, start == work.issued_ns && ready < start});
        break;
      case TimelineWork::Kind::Wait:
        if (const auto event = events_.find(work.event); event != events_.end())
          end = std::max(end, event->second);
        break;
      case TimelineWork::Kind::Record: events_[work.event] = end; break;
      case TimelineWork::Kind::Other: break;
    }
    ends_[index] = end;
    return end;
  }

  /// When a stream may begin something new.
  std::uint64_t ready_at(std::size_t stream) const {
    const TimelineStream& own = timeline_.streams[stream];
    std::uint64_t ready = free_at_[stream];
    if (!own.blocking && !own.legacy) return ready;
    for (std::size_t i = 0; i < free_at_.size(); ++i)
      if (waits_for(own, timeline_.streams[i])) ready = std::max(ready, free_at_[i]);
    return ready;
  }

  static bool waits_for(const TimelineStream& own, const TimelineStream& other) {
    if (own.context != other.context || own.legacy == other.legacy) return false;
    return own.legacy ? other.blocking : own.blocking;
  }

  const Timeline& timeline_;
  std::vector<std::uint64_t> free_at_, ends_;
  std::unordered_map<std::uint64_t, std::uint64_t> events_;
  std::vector<KernelSpan> spans_;
};

}  // namespace

std::vector<KernelSpan> simulate(const Timeline& timeline) { return Model(timeline).run(); }

}  // namespace fib::replayer
