// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "trace/page_file.h"
#include "trace/reader.h"

namespace fib::trace {

/// A window that has no end in its log, and where to end it.
struct CutWindow {
  std::uint32_t window;
  std::uint64_t end;   ///< RecordHeader::time for its end
  bool image_missing;  ///< pages of the memory at its begin are missing: it can't be replayed
};

/// Reads a log whose process was killed and finds out what is left of its last window.
class CutWindows : public Visitor {
 public:
  explicit CutWindows(const PageStore& store) : store_(store) {}

  void on_window(const Window& window) override;
  void on_region(const Region& region) override;
  void on_page_hashes(const PageHashes& pages) override;
  void on_payload(std::uint32_t thread, const Payload& payload) override;
  void on_launch(std::uint32_t thread, const Launch& launch) override;
  void on_graph_launch(std::uint32_t thread, const GraphLaunch& launch) override;
  void on_call(std::uint32_t thread, const Call& call) override;
  void on_point(std::uint32_t thread, const Point& point) override;
  void on_drops(const Drops& drops) override;
  void on_end(const EndPayload& end) override { end_ = end; }

  [[nodiscard]] std::vector<CutWindow> cut() const;
  /// What an End says of the log.
  [[nodiscard]] EndPayload totals() const;

 private:
  struct Open {
    std::uint64_t begin = 0;
    bool ended = false;
    bool image_missing = false;
  };
  void saw(std::uint64_t ticks);
  [[nodiscard]] bool has(const Hash& hash, std::uint64_t bytes_left);
  void check(std::uint64_t time, const HashRun& run, std::uint64_t region_bytes, bool& missing);

  const PageStore& store_;
  std::map<std::uint32_t, Open> windows_;
  std::unordered_map<std::uint32_t, std::uint64_t> region_bytes_;
  std::map<std::uint64_t, Hash> zero_hashes_;  ///< by length
  std::vector<std::uint64_t> missing_;         ///< times of records whose contents are missing
  std::unordered_map<std::uint32_t, DropsRecord> drops_;
  std::uint64_t last_ticks_ = 0;
  EndPayload seen_{}, end_{};
};

}  // namespace fib::trace
