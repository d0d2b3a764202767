// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "replayer/plan.h"
#include "trace/encoder.h"
#include "trace/page_file.h"
#include "trace/writer.h"

namespace fib::replayer {

/// Writes a small capture: one process, one window. Records in the order of the calls get rising
/// times. Throws Refusal when the directory can't be written.
class CaptureWriter {
 public:
  /// `directory` must not exist, or be empty.
  CaptureWriter(const std::filesystem::path& directory, const std::string& process);

  /// The process, its devices, contexts and entry points, as the plan has them.
  void machine(const Plan& plan);
  /// Load, images (copied) and description of one kernel.
  void kernel(const Plan& plan, const trace::Capture& from, const KernelPlan& kernel,
              const std::vector<trace::KernelAttribute>& attributes);
  /// Returns the region's number in this capture.
  std::uint32_t region(const RegionPlan& region);
  /// Stores a page and notes it as the region's State.
  void state(std::uint32_t region, std::uint32_t page, trace::Bytes content);
  void begin();
  void launch(const LaunchPlan& launch);
  void changed(std::uint32_t region, std::uint32_t page, const trace::Hash& hash);
  /// Writes everything.
  void end();

 private:
  std::uint64_t tick() { return time_ += 1000; }
  void must(bool done) const;
  void image(const trace::Capture& from, const trace::ImageRecord& image);
  void hashes(std::uint32_t region, std::uint32_t page, const trace::Hash& hash,
              trace::HashPhase phase, bool stored);
  void flush(bool whole);
  void window(trace::WindowPhase phase);

  std::filesystem::path directory_;
  std::uint64_t time_ = 1000;
  trace::RecordBuffer definitions_, records_;
  std::unique_ptr<trace::PageFileWriter> pages_;
  std::unique_ptr<trace::ChunkWriter> log_;
  std::set<trace::Hash> stored_;
  std::uint32_t regions_ = 0;
};

}  // namespace fib::replayer
