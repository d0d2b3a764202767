// SPDX-License-Identifier: Apache-2.0
#include "replayer/capture_writer.h"

#include <chrono>
#include <cstring>

#include "replayer/error.h"
#include "trace/checksum.h"

namespace fib::replayer {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kWindow = 1;
constexpr int kLevel = 3;  // of zstd
/// A chunk of definitions is written when it has as many bytes.
constexpr std::size_t kChunkBytes = std::size_t{4} << 20;

std::uint64_t now_ns() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

std::unique_ptr<trace::Sink> sink_at(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  int code = error.value();
  std::unique_ptr<trace::Sink> sink;
  if (code == 0) sink = trace::open_file_sink(path.c_str(), code);
  if (!sink) throw Refusal("'" + path.string() + "' can't be written: " + std::strerror(code));
  return sink;
}

}  // namespace

CaptureWriter::CaptureWriter(const fs::path& directory, const std::string& process)
    : directory_(directory) {
  std::error_code error;
  if (fs::exists(directory_, error) && !fs::is_empty(directory_, error))
    throw Refusal("'" + directory_.string() + "' is there and not empty: name a new directory");
  const std::uint64_t start = now_ns();
  log_ = std::make_unique<trace::ChunkWriter>(sink_at(directory_ / process / "log.fib"), start,
                                              kLevel);
  pages_ = std::make_unique<trace::PageFileWriter>(
      sink_at(directory_ / "pages" / (process + "-0.fib")), start, kLevel);
}

void CaptureWriter::must(bool done) const {
  if (!done) throw Refusal("'" + directory_.string() + "' can't be written: is the disk full?");
}

void CaptureWriter::machine(const Plan& plan) {
  must(trace::encode_process(definitions_, tick(), plan.machine, {}));
  plan.apis.each([&](std::uint16_t number, const ApiEntry& entry) {
    must(trace::encode_api(definitions_, tick(), number, entry.name, entry.args));
  });
  for (const DevicePlan& device : plan.devices)
    must(trace::encode_device(definitions_, tick(), device.fixed, device.name));
  for (const ContextPlan& context : plan.contexts) {
    const trace::ContextRecord record{context.handle, context.device, 0};
    must(trace::encode_context(definitions_, tick(), record, context.limits));
  }
}

void CaptureWriter::image(const trace::Capture& from, const trace::ImageRecord& image) {
  const fs::path source = trace::image_path(from, image.hash);
  const fs::path to = directory_ / "images" / source.filename();
  std::error_code error;
  fs::create_directories(to.parent_path(), error);
  if (!error) fs::copy_file(source, to, fs::copy_options::skip_existing, error);
  if (error) throw Refusal("'" + to.string() + "' can't be written: " + error.message());
  must(trace::encode_image(definitions_, tick(), image));
}

void CaptureWriter::kernel(const Plan& plan, const trace::Capture& from, const KernelPlan& kernel,
                           const std::vector<trace::KernelAttribute>& attributes) {
  const LoadPlan& load = plan.loads.at(kernel.fixed.load);
  must(trace::encode_load(definitions_, tick(), load.fixed, load.options, load.library_options,
                          load.path));
  for (const auto& [part, record] : load.images) image(from, record);
  must(trace::encode_kernel(definitions_, tick(), kernel.flags, kernel.fixed, kernel.params,
                            attributes, kernel.name));
}

std::uint32_t CaptureWriter::region(const RegionPlan& region) {
  trace::RegionRecord record = region.fixed;
  record.window = kWindow;
  record.region = ++regions_;
  must(trace::encode_region(definitions_, tick(), record, region.name));
  flush(false);
  return record.region;
}

void CaptureWriter::hashes(std::uint32_t region, std::uint32_t page, const trace::Hash& hash,
                           trace::HashPhase phase, bool stored) {
  trace::PageHashesRecord record{};
  record.window = kWindow;
  record.region = region;
  record.phase = static_cast<std::uint16_t>(phase);
  const trace::HashRun run{page, {&hash, 1}};
  must(trace::encode_page_hashes(definitions_, tick(), stored ? trace::kPagesStored : 0, record,
                                 {&run, 1}));
  flush(false);
}

void CaptureWriter::state(std::uint32_t region, std::uint32_t page, trace::Bytes content) {
  const trace::Hash hash = trace::content_hash(content);
  if (stored_.insert(hash).second) must(pages_->add(hash, content) == 0);
  hashes(region, page, hash, trace::HashPhase::State, true);
}

void CaptureWriter::window(trace::WindowPhase phase) {
  trace::WindowRecord record{};
  record.window = kWindow;
  record.phase = static_cast<std::uint16_t>(phase);
  record.reason = static_cast<std::uint16_t>(trace::WindowReason::Launches);
  record.verify = static_cast<std::uint32_t>(trace::VerifyLevel::Window);
  must(trace::encode_window(definitions_, tick(), record, ""));
}

void CaptureWriter::begin() { window(trace::WindowPhase::Begin); }

void CaptureWriter::launch(const LaunchPlan& launch) {
  must(trace::encode_launch(records_, tick(), launch.flags, launch.fixed, launch.params,
                            launch.attributes));
}

void CaptureWriter::changed(std::uint32_t region, std::uint32_t page, const trace::Hash& hash) {
  hashes(region, page, hash, trace::HashPhase::Changed, false);
}

void CaptureWriter::flush(bool whole) {
  if (definitions_.size() < kChunkBytes && !whole) return;
  const trace::RecordsPrefix prefix{trace::kDefinitionsThread, 0};
  must(log_->write(trace::ChunkType::Definitions,
                   {std::as_bytes(std::span(&prefix, 1)), definitions_.bytes()}) == 0);
  definitions_.clear();
}

void CaptureWriter::end() {
  window(trace::WindowPhase::End);
  flush(true);
  const trace::RecordsPrefix prefix{0, 0};
  must(log_->write(trace::ChunkType::Records,
                   {std::as_bytes(std::span(&prefix, 1)), records_.bytes()}) == 0);
  const trace::EndPayload end{1, 1, 0, 0};
  must(log_->write(trace::ChunkType::End, {std::as_bytes(std::span(&end, 1))}) == 0);
  must(pages_->flush() == 0);
}

}  // namespace fib::replayer
