// SPDX-License-Identifier: Apache-2.0
#include "trace/edit/trim.h"

#include <cstring>
#include <unordered_map>

#include "trace/decoder.h"
#include "trace/edit/capture_copy.h"
#include "trace/edit/log_rewriter.h"
#include "trace/edit/trim_plan.h"

namespace fib::trace {
namespace {

/// The fixed part behind the header; zeros if the record is too short for it.
template <typename T>
T fixed_of(Bytes record) {
  T fixed{};
  if (record.size() >= sizeof(RecordHeader) + sizeof fixed)
    std::memcpy(&fixed, record.data() + sizeof(RecordHeader), sizeof fixed);
  return fixed;
}

RecordHeader header_of(Bytes record) {
  RecordHeader header;
  std::memcpy(&header, record.data(), sizeof header);
  return header;
}

/// The pages that records refer to and that are in the store.
class HashCollector : public Visitor {
 public:
  void on_page_hashes(const PageHashes& pages) override {
    if ((pages.header.flags & kPagesStored) == 0) return;
    for (const HashRun& run : pages.runs) hashes.insert(run.hashes.begin(), run.hashes.end());
  }
  void on_payload(std::uint32_t, const Payload& payload) override {
    hashes.insert(payload.hashes.begin(), payload.hashes.end());
  }
  std::set<Hash> hashes;
};

/// Third reading: copies what the plan keeps.
class Trimmer : public RawVisitor {
 public:
  Trimmer(const ProcessLog& log, const TrimPlan& plan, CaptureCopy& copy, LogRewriter& out,
          HashCollector& hashes)
      : log_(log), plan_(plan), copy_(copy), out_(out), decoder_(hashes) {}

  void on_record(std::uint32_t thread, Bytes record) override;
  void on_end(const EndPayload& end) override {
    end_ = end;
    ended_ = true;
  }
  void finish();
  [[nodiscard]] std::uint64_t effects() const { return effects_; }

 private:
  void launch(std::uint32_t thread, Bytes record, bool wanted, bool ran, bool keeps_outside);
  void point(std::uint32_t thread, Bytes record);
  [[nodiscard]] bool keeps_definition(const RecordHeader& header, Bytes record);
  [[nodiscard]] bool keeps_hashes(const RecordHeader& header, Bytes record) const;
  [[noreturn]] void fail(const std::string& why) const {
    throw CaptureError(log_.log.string() + ": " + why +
                       "; leave out --kernel, or choose other windows");
  }

  const ProcessLog& log_;
  const TrimPlan& plan_;
  CaptureCopy& copy_;
  LogRewriter& out_;
  Decoder decoder_;
  std::unordered_map<std::uint32_t, bool> owes_point_;  ///< thread -> after a launch that gives way
  std::uint64_t effects_ = 0;
  EndPayload end_{};
  bool ended_ = false;
};

void Trimmer::on_record(std::uint32_t thread, Bytes record) {
  const RecordHeader header = header_of(record);
  const bool inside = plan_.in_window(header.time);
  switch (static_cast<RecordType>(header.type)) {
    case RecordType::Pad: return;
    case RecordType::Launch: {
      const auto fixed = fixed_of<LaunchRecord>(record);
      const bool ran = fixed.result == 0 && (header.flags & kLaunchCaptured) == 0;
      return launch(thread, record, plan_.wants_kernel(fixed.kernel), ran,
                    plan_.keeps_launch(fixed.kernel));
    }
    case RecordType::GraphLaunch: {
      const auto fixed = fixed_of<GraphLaunchRecord>(record);
      const bool ran = fixed.result == 0 && (header.flags & kLaunchCaptured) == 0;
      return launch(thread, record, plan_.wants_graph(fixed.exec), ran,
                    plan_.keeps_graph_launch(fixed.exec));
    }
    case RecordType::Call:
      if (inside || plan_.keeps_call(header, fixed_of<CallRecord>(record).api))
        out_.add(thread, record);
      return;
    case RecordType::Payload:
      if (!inside) return;
      (void)decoder_.decode(thread, record);
      return out_.add(thread, record);
    case RecordType::Point:
      if (inside) point(thread, record);
      return;
    default:
      if (keeps_definition(header, record)) out_.add(thread, record);
  }
}

/// Inside a window a launch that is not wanted stays, but its Point becomes an Effect.
void Trimmer::launch(std::uint32_t thread, Bytes record, bool wanted, bool ran,
                     bool keeps_outside) {
  const std::uint64_t time = header_of(record).time;
  if (!plan_.in_window(time)) {
    if (keeps_outside) out_.add(thread, record);
    return;
  }
  if (owes_point_[thread]) fail("a launch within a window has no digest");
  owes_point_[thread] = ran && !wanted;
  effects_ += ran && !wanted;
  out_.add(thread, record);
}

void Trimmer::point(std::uint32_t thread, Bytes record) {
  if (!owes_point_[thread]) return out_.add(thread, record);
  owes_point_[thread] = false;
  auto fixed = fixed_of<PointRecord>(record);
  if (fixed.kind != static_cast<std::uint16_t>(PointKind::Effect)) {
    fixed.kind = static_cast<std::uint16_t>(PointKind::Effect);
    fixed.effect = static_cast<std::uint16_t>(EffectReason::Pattern);
  }
  std::vector<std::byte> changed(record.begin(), record.end());
  if (changed.size() >= sizeof(RecordHeader) + sizeof fixed)
    std::memcpy(changed.data() + sizeof(RecordHeader), &fixed, sizeof fixed);
  out_.add(thread, changed);
}

bool Trimmer::keeps_definition(const RecordHeader& header, Bytes record) {
  switch (static_cast<RecordType>(header.type)) {
    case RecordType::Kernel:
    case RecordType::Graph:
    case RecordType::GraphUpdate: return plan_.keeps_definition(header.time);
    case RecordType::Window: return plan_.keeps_window(fixed_of<WindowRecord>(record).window);
    case RecordType::Stream: return plan_.keeps_window(fixed_of<StreamRecord>(record).window);
    case RecordType::Region: {
      const auto fixed = fixed_of<RegionRecord>(record);
      return plan_.keeps_window(fixed.window) && plan_.keeps_region(fixed.region);
    }
    case RecordType::Image: {
      const auto fixed = fixed_of<ImageRecord>(record);
      return plan_.keeps_image(fixed.load) && (copy_.copy_image(fixed.hash), true);
    }
    case RecordType::PageHashes:
      if (!keeps_hashes(header, record)) return false;
      (void)decoder_.decode(kDefinitionsThread, record);
      return true;
    default: return true;
  }
}

bool Trimmer::keeps_hashes(const RecordHeader& header, Bytes record) const {
  const auto fixed = fixed_of<PageHashesRecord>(record);
  if (!plan_.keeps_window(fixed.window) || !plan_.keeps_region(fixed.region)) return false;
  const bool at_point = fixed.phase == static_cast<std::uint16_t>(HashPhase::Point);
  if (at_point && plan_.filters_kernels() && (header.flags & kPagesStored) == 0)
    fail("what a launch within a window changed is not in the store");
  return true;
}

void Trimmer::finish() {
  for (const auto& [thread, owes] : owes_point_) {
    if (owes) fail("a launch within a window has no digest");
  }
  if (ended_) {
    out_.end(end_);
  } else {
    out_.flush();
  }
}

class CaptureTrimmer {
 public:
  CaptureTrimmer(const Capture& capture, const std::filesystem::path& out,
                 const TrimOptions& options)
      : capture_(capture), out_(out), options_(options) {}

  TrimSummary run() {
    for (const ProcessLog& log : capture_.processes) trim(log);
    if (!copy_) {
      throw CaptureError(capture_.directory.string() +
                         ": has none of these windows; `fib info` lists them");
    }
    copy_->copy_pages(hashes_.hashes, *first_);
    summary_.images = copy_->images();
    summary_.pages = copy_->pages();
    summary_.page_bytes = copy_->page_bytes();
    return summary_;
  }

 private:
  void trim(const ProcessLog& log) {
    const TrimPlan plan(log, options_);
    if (plan.empty()) return;
    if (!copy_) {
      copy_ = std::make_unique<CaptureCopy>(capture_, out_);
      first_ = &log;
    }
    LogRewriter out(copy_->process_directory(log) / "log.fib", plan.start_unix_ns());
    Trimmer trimmer(log, plan, *copy_, out, hashes_);
    const ReadResult result = read_raw_log_file(log.log, trimmer);
    if (!result.message.empty()) summary_.warnings.push_back(result.message);
    trimmer.finish();
    ++summary_.processes;
    summary_.windows += plan.windows();
    summary_.launches += out.launches();
    summary_.launches_before += plan.launches_before();
    summary_.effects += trimmer.effects();
  }

  const Capture& capture_;
  const std::filesystem::path& out_;
  const TrimOptions& options_;
  std::unique_ptr<CaptureCopy> copy_;  ///< made when there is something to copy
  const ProcessLog* first_ = nullptr;
  HashCollector hashes_;
  TrimSummary summary_;
};

}  // namespace

TrimSummary trim_capture(const Capture& capture, const std::filesystem::path& out,
                         const TrimOptions& options) {
  return CaptureTrimmer(capture, out, options).run();
}

}  // namespace fib::trace
