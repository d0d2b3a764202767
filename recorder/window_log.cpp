// SPDX-License-Identifier: Apache-2.0
#include "recorder/window_log.h"

#include "recorder/clock.h"
#include "trace/encoder.h"

namespace fib::recorder {

template <class Encode>
bool WindowLog::add(Encode&& encode) noexcept {
  for (int i = 0; i < 20; ++i) {
    if (session_.definitions().add(encode)) return true;
    if (session_.failed()) return false;
    session_.flush(kSecond);
  }
  return false;
}

bool WindowLog::window(const trace::WindowRecord& record, std::string_view text) noexcept {
  return add(
      [&](trace::RecordBuffer& to) { return trace::encode_window(to, ticks(), record, text); });
}

bool WindowLog::region(std::uint32_t window, const LiveRegion& region) noexcept {
  trace::RegionRecord record = region.fixed;
  record.window = window;
  return add([&](trace::RecordBuffer& to) {
    return trace::encode_region(to, ticks(), record, region.name);
  });
}

bool WindowLog::stream(std::uint32_t window, trace::StreamRecord record) noexcept {
  record.window = window;
  return add([&](trace::RecordBuffer& to) { return trace::encode_stream(to, ticks(), record); });
}

bool WindowLog::write_runs(const trace::PageHashesRecord& fixed, bool stored, Runs& runs) noexcept {
  const std::uint16_t flags = stored ? trace::kPagesStored : std::uint16_t{0};
  const bool kept = add([&](trace::RecordBuffer& to) {
    return trace::encode_page_hashes(to, ticks(), flags, fixed, {runs.list, runs.count});
  });
  runs.count = runs.pages = 0;
  return kept;
}

}  // namespace fib::recorder
