// SPDX-License-Identifier: Apache-2.0
#include "recorder/ranges.h"

#include <algorithm>
#include <atomic>
#include <cstddef>

namespace fib::recorder {
namespace {

/// Deeper ranges are counted, not looked at.
constexpr int kMaxOpen = 32;

struct Open {
  std::uint64_t name = 0;   ///< hash
  std::uint64_t entry = 0;  ///< not 0: the sink was told
  std::uint32_t domain = 0;
};

/// The ranges that a thread is in, of all domains, innermost last.
struct OpenRanges {
  Open list[kMaxOpen];
  int count = 0;
  int beyond = 0;  ///< how many more than fit
};

thread_local OpenRanges t_open __attribute__((tls_model("initial-exec")));

std::atomic<std::uint64_t> g_name{0};
std::atomic<RangeSink*> g_sink{nullptr};
std::atomic<std::uint64_t> g_last_id{0};

/// 64-bit FNV-1a; never 0, which no watched name has.
std::uint64_t hash_of(const char* name) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (; *name != '\0'; ++name) hash = (hash ^ static_cast<unsigned char>(*name)) * 0x100000001b3;
  return hash | 1;
}

/// Ids of what the sink was told are even, so that the end of a range is known by its id alone.
std::uint64_t next_entry() noexcept { return g_last_id.fetch_add(2) + 2; }
std::uint64_t next_unwatched() noexcept { return g_last_id.fetch_add(2) + 1; }

RangeSink* sink_for(std::uint64_t name) noexcept {
  RangeSink* sink = g_sink.load(std::memory_order_acquire);
  return sink != nullptr && name == g_name.load(std::memory_order_relaxed) ? sink : nullptr;
}

/// Tells the sink of `open` unless the thread is in such a range already.
void enter(Open& open) noexcept {
  RangeSink* sink = sink_for(open.name);
  const auto is_told = [](const Open& other) { return other.entry != 0; };
  if (sink == nullptr || std::any_of(t_open.list, t_open.list + t_open.count, is_told)) return;
  open.entry = next_entry();
  sink->entered(open.entry);
}

void leave(std::uint64_t entry) noexcept {
  RangeSink* sink = g_sink.load(std::memory_order_acquire);
  if (entry != 0 && sink != nullptr) sink->left(entry);
}

int depth_of(std::uint32_t domain) noexcept {
  return static_cast<int>(std::count_if(t_open.list, t_open.list + t_open.count,
                                        [&](const Open& open) { return open.domain == domain; }));
}

}  // namespace

void watch_range(const char* name, RangeSink* sink) noexcept {
  g_sink.store(nullptr, std::memory_order_release);
  if (sink == nullptr || name == nullptr) return;
  g_name.store(hash_of(name), std::memory_order_relaxed);
  g_sink.store(sink, std::memory_order_release);
  for (int i = 0; i < t_open.count; ++i) enter(t_open.list[i]);
}

int range_pushed(std::uint32_t domain, const char* name) noexcept {
  const int depth = depth_of(domain) + t_open.beyond;
  if (t_open.count == kMaxOpen) {
    ++t_open.beyond;
    return depth;
  }
  Open& open = t_open.list[t_open.count];
  open = {hash_of(name), 0, domain};
  enter(open);
  ++t_open.count;
  return depth;
}

int range_popped(std::uint32_t domain) noexcept {
  const int depth = depth_of(domain) + t_open.beyond - 1;
  if (t_open.beyond > 0) {
    --t_open.beyond;
    return depth;
  }
  Open* const end = t_open.list + t_open.count;
  Open* open = end;
  while (open != t_open.list && (open - 1)->domain != domain) --open;
  if (open == t_open.list) return -1;
  const std::uint64_t entry = (--open)->entry;
  std::move(open + 1, end, open);
  --t_open.count;
  leave(entry);
  return depth;
}

std::uint64_t range_started(const char* name) noexcept {
  RangeSink* sink = sink_for(hash_of(name));
  if (sink == nullptr) return next_unwatched();
  const std::uint64_t id = next_entry();
  sink->entered(id);
  return id;
}

void range_ended(std::uint64_t id) noexcept {
  if (id % 2 == 0) leave(id);
}

}  // namespace fib::recorder
