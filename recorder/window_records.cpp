// SPDX-License-Identifier: Apache-2.0
//
// What the log says about a window: its records, and the state around it.
#include <cstdio>
#include <new>

#include "recorder/clock.h"
#include "recorder/process_info.h"
#include "recorder/rt_log.h"
#include "recorder/windows.h"

namespace fib::recorder {

using trace::Deviation;
using trace::VerifyLevel;
using trace::WindowPhase;
using trace::WindowReason;

std::vector<LiveRegion> Windows::regions_now() {
  std::vector<LiveRegion> regions = p_.live.regions();
  for (const LiveContext& context : p_.live.contexts()) {
    const CurrentContext current(p_.api, context.handle);
    if (current.result() != CUDA_SUCCESS) continue;
    const std::vector<LiveRegion> symbols = p_.symbols.regions();
    regions.insert(regions.end(), symbols.begin(), symbols.end());
  }
  return regions;
}

/// What can't be compared: the begin did not see it.
std::vector<LiveRegion> Windows::known_regions() {
  std::vector<LiveRegion> regions = regions_now();
  std::erase_if(regions,
                [&](const LiveRegion& region) { return !image_.knows(region.fixed.region); });
  return regions;
}

bool Windows::describe_state() noexcept try {
  bool kept = true;
  for (const LiveContext& context : p_.live.contexts()) {
    const CurrentContext current(p_.api, context.handle);
    kept = kept && (current.result() != CUDA_SUCCESS ||
                    describe_context(p_.session.definitions(), p_.api, context.handle));
  }
  for (const LiveStream& stream : p_.live.streams())
    kept = kept && log_.stream(window_, stream.fixed);
  p_.kernels.restate();
  return kept;
} catch (const std::bad_alloc&) {
  return false;
}

trace::WindowRecord Windows::record_of(WindowPhase phase, WindowReason reason,
                                       VerifyLevel verify) const noexcept {
  trace::WindowRecord record{};
  record.window = window_;
  record.phase = static_cast<std::uint16_t>(phase);
  record.reason = static_cast<std::uint16_t>(reason);
  record.pause_ns = nanoseconds(CLOCK_MONOTONIC) - pause_start_ns_;
  record.live_bytes = image_.totals().live_bytes;
  record.pages = image_.totals().pages;
  record.stored_pages = spool_.stored_pages() - told_pages_;
  record.stored_bytes = spool_.stored_bytes() - told_bytes_;
  record.verify = static_cast<std::uint32_t>(verify);
  return record;
}

const char* Windows::reason_text() const noexcept {
  const bool named = reason_ == WindowReason::Kernel || reason_ == WindowReason::Range;
  return named && active_ != nullptr ? active_->spec().start_name.c_str() : "";
}

void Windows::say_end() noexcept {
  char text[400];
  if (reason_ == WindowReason::Bytes || reason_ == WindowReason::Seconds) {
    std::snprintf(text, sizeof text, "window %u was ended by its budget of %s", window_,
                  reason_ == WindowReason::Bytes ? "bytes" : "seconds");
    p_.session.note(Deviation::WindowCut, text);
  } else if (reason_ == WindowReason::Failure) {
    std::snprintf(text, sizeof text, "window %u ended early: %.300s", window_, end_text_.c_str());
    p_.session.note(Deviation::WindowCut, text);
    say("%s. The program goes on", text);
  }
}

}  // namespace fib::recorder
