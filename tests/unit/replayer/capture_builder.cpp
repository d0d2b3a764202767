// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/replayer/capture_builder.h"

#include <fstream>
#include <iterator>
#include <stdexcept>

#include "trace/capture.h"
#include "trace/checksum.h"
#include "trace/writer.h"

namespace fib::replayer::testing {
namespace {

constexpr std::uint32_t kWindow = 1;

void must(bool done) {
  if (!done) throw std::runtime_error("a record could not be made");
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::unique_ptr<trace::Sink> sink_at(const std::filesystem::path& path) {
  int error = 0;
  std::filesystem::create_directories(path.parent_path());
  auto sink = trace::open_file_sink(path.c_str(), error);
  must(sink != nullptr);
  return sink;
}

}  // namespace

const KernelSpec kFill{"_Z4fillPffi", {{0, 8}, {8, 4}, {12, 4}}};
const KernelSpec kCopy{"_Z4copyPKfPfi", {{0, 8}, {8, 8}, {16, 4}}};
const KernelSpec kScale{"_Z5scalePffi", {{0, 8}, {8, 4}, {12, 4}}};
const KernelSpec kSaxpy{"_Z5saxpyifPKfPf", {{0, 4}, {4, 4}, {8, 8}, {16, 8}}};
const KernelSpec kRandomOrderSum{"_Z16random_order_sumPKfPfi", {{0, 8}, {8, 8}, {16, 4}}};
const KernelSpec kSpin{"_Z4spini", {{0, 4}}};
const KernelSpec kUseGlobals{"_Z11use_globalsPfi", {{0, 8}, {8, 4}}};
const KernelSpec kAddOne{"_Z7add_onePi", {{0, 8}}};

ByteVector floats(int count, float value) {
  return bytes_of(std::vector<float>(static_cast<std::size_t>(count), value));
}

CaptureBuilder::CaptureBuilder() {
  static std::uint64_t builders = 0;
  base_ = 0x500000000000 + ++builders * 0x4000000000;
  pages_ = std::make_unique<trace::PageFileWriter>(
      sink_at(directory_.path() / "pages" / "pid7-1-0.fib"), 1, 1);
}

void CaptureBuilder::add_machine() {
  trace::ProcessRecord process{};
  process.pid = 7;
  process.rank = -1;
  process.driver_version = driver_version_;
  must(trace::encode_process(definitions_, tick(), process, {}));
  for (std::size_t i = 0; i < driver::kApiCount; ++i)
    must(trace::encode_api(definitions_, tick(), static_cast<std::uint16_t>(i),
                           driver::kApiInfo[i].name, driver::kApiInfo[i].args));
  trace::DeviceRecord device{};
  must(trace::encode_device(definitions_, tick(), device, device_name_));
  trace::ContextRecord context{};
  context.handle = kContext;
  must(trace::encode_context(definitions_, tick(), context, {}));
}

std::uint32_t CaptureBuilder::load(bool library, bool with_image) {
  trace::LoadRecord record{};
  record.load = next_load_++;
  record.api = static_cast<std::uint16_t>(library ? driver::Api::cuLibraryLoadData
                                                  : driver::Api::cuModuleLoadData);
  record.kind = static_cast<std::uint16_t>(trace::ImageKind::Elf);
  record.handle = 0xfeed0000 + record.load;
  record.context = library ? 0 : kContext;
  must(trace::encode_load(definitions_, tick(), record, {}, {}, ""));
  if (!with_image) return record.load;
  const std::string bytes = read_file(FIBSIM_DIR "/" + image_ + ".simcubin");
  trace::ImageRecord image{};
  image.load = record.load;
  image.bytes = bytes.size();
  image.kind = record.kind;
  const trace::Hash hash = trace::content_hash(std::as_bytes(std::span(bytes)));
  std::memcpy(image.hash, hash.data(), sizeof image.hash);
  directory_.write("images/" + trace::hash_hex(hash), bytes);
  must(trace::encode_image(definitions_, tick(), image));
  return record.load;
}

std::uint32_t CaptureBuilder::kernel(const KernelSpec& spec, std::uint32_t load,
                                     std::uint16_t flags) {
  trace::KernelRecord record{};
  record.kernel = next_kernel_++;
  record.load = load;
  record.handle = kHandleOfKernel + record.kernel;
  if (!spec.params.empty())
    record.param_bytes = spec.params.back().offset + spec.params.back().bytes;
  must(trace::encode_kernel(definitions_, tick(), flags, record, spec.params, {}, spec.name));
  return record.kernel;
}

std::size_t CaptureBuilder::region(trace::RegionKind kind, std::uint64_t at, ByteVector content,
                                   trace::RegionRecord more, const std::string& name) {
  BuiltRegion region;
  region.fixed = more;
  region.fixed.window = kWindow;
  region.fixed.region = static_cast<std::uint32_t>(regions_.size()) + 1;
  region.fixed.address = at;
  region.fixed.bytes = content.size();
  region.fixed.context = kContext;
  region.fixed.kind = static_cast<std::uint16_t>(kind);
  if (kind == trace::RegionKind::Pinned || kind == trace::RegionKind::Registered) {
    region.fixed.device = -1;
    region.fixed.host_address = at;
  }
  region.name = name;
  region.known = content;
  region.now = std::move(content);
  regions_.push_back(std::move(region));
  return regions_.size() - 1;
}

void CaptureBuilder::stream(std::uint64_t handle, unsigned flags) {
  trace::StreamRecord stream{};
  stream.window = kWindow;
  stream.handle = handle;
  stream.flags = flags;
  stream.context = kContext;
  streams_.push_back(stream);
}

trace::Hash CaptureBuilder::store(std::span<const std::byte> content) {
  const trace::Hash hash = trace::content_hash(content);
  must(pages_->add(hash, content) == 0);
  return hash;
}

std::vector<trace::Hash> CaptureBuilder::hashes_of(std::span<const std::byte> content,
                                                   bool stored) {
  std::vector<trace::Hash> hashes;
  for (std::size_t at = 0; at < content.size(); at += trace::kPageBytes) {
    const auto piece =
        content.subspan(at, std::min<std::size_t>(trace::kPageBytes, content.size() - at));
    hashes.push_back(stored ? store(piece) : trace::content_hash(piece));
  }
  return hashes;
}

void CaptureBuilder::hash_record(std::size_t index, trace::HashPhase phase, std::uint64_t point,
                                 bool stored) {
  BuiltRegion& region = regions_[index];
  const bool all = phase == trace::HashPhase::State;
  const std::vector<trace::Hash> before = hashes_of(region.known, false);
  const std::vector<trace::Hash> now = hashes_of(region.now, false);
  std::vector<trace::HashRun> runs;
  for (std::uint32_t page = 0; page < now.size(); ++page)
    if (all || now[page] != before[page]) runs.push_back({page, {&now[page], 1}});
  if (runs.empty()) return;
  if (stored) hashes_of(region.now, true);
  trace::PageHashesRecord record{};
  record.window = kWindow;
  record.region = region.fixed.region;
  record.point = point;
  record.phase = static_cast<std::uint16_t>(phase);
  must(trace::encode_page_hashes(definitions_, tick(), stored ? trace::kPagesStored : 0, record,
                                 runs));
  if (phase == trace::HashPhase::Point) region.known = region.now;
}

void CaptureBuilder::begin(trace::VerifyLevel verify) {
  add_machine();
  for (std::size_t i = 0; i < regions_.size(); ++i) {
    must(trace::encode_region(definitions_, tick(), regions_[i].fixed, regions_[i].name));
    hash_record(i, trace::HashPhase::State, 0, true);
  }
  for (const trace::StreamRecord& stream : streams_)
    must(trace::encode_stream(definitions_, tick(), stream));
  trace::WindowRecord window{};
  window.window = kWindow;
  window.phase = static_cast<std::uint16_t>(trace::WindowPhase::Begin);
  window.verify = static_cast<std::uint32_t>(verify);
  must(trace::encode_window(definitions_, tick(), window, ""));
  begun_ = true;
}

void CaptureBuilder::launch(std::uint32_t kernel, int threads, const ByteVector& params,
                            std::uint64_t stream, trace::LaunchRecord more, std::uint16_t flags,
                            std::uint32_t thread) {
  trace::LaunchRecord record = more;
  record.kernel = kernel;
  record.duration = 10;
  record.grid[0] = static_cast<std::uint32_t>((threads + 31) / 32);
  record.grid[1] = record.grid[2] = record.block[1] = record.block[2] = 1;
  record.block[0] = 32;
  record.stream = stream;
  record.context = kContext;
  record.param_bytes = static_cast<std::uint32_t>(params.size());
  if (record.api == 0) record.api = static_cast<std::uint16_t>(driver::Api::cuLaunchKernel);
  must(trace::encode_launch(records_[thread], tick(), flags, record, params, {}));
}

void CaptureBuilder::call(driver::Api api, const std::vector<std::uint64_t>& words,
                          const ByteVector& blobs, std::uint32_t thread) {
  trace::CallRecord record{};
  record.api = static_cast<std::uint16_t>(api);
  record.word_count = static_cast<std::uint16_t>(words.size());
  record.duration = 10;
  record.blob_bytes = static_cast<std::uint32_t>(blobs.size());
  record.context = kContext;
  must(trace::encode_call(records_[thread], tick(), record, words, blobs));
}

void CaptureBuilder::payload(trace::PayloadKind kind, std::uint64_t address,
                             const ByteVector& content, std::uint32_t thread) {
  trace::PayloadRecord record{};
  record.address = address;
  record.bytes = content.size();
  record.kind = static_cast<std::uint32_t>(kind);
  must(trace::encode_payload(records_[thread], tick(), record, hashes_of(content, true)));
}

void CaptureBuilder::point(trace::PointKind kind, trace::EffectReason reason) {
  trace::PointRecord record{};
  record.point = next_point_++;
  record.kind = static_cast<std::uint16_t>(kind);
  record.effect = static_cast<std::uint16_t>(reason);
  must(trace::encode_point(records_[0], tick(), record));
  for (std::size_t i = 0; i < regions_.size(); ++i)
    hash_record(i, trace::HashPhase::Point, record.point, true);
}

std::size_t CaptureBuilder::birth(trace::RegionKind kind, std::uint64_t at, ByteVector content) {
  const std::size_t index = region(kind, at, std::move(content));
  must(trace::encode_region(definitions_, tick(), regions_[index].fixed, ""));
  hash_record(index, trace::HashPhase::State, 0, true);
  return index;
}

void CaptureBuilder::graph_launch(std::uint32_t exec, std::uint64_t stream) {
  trace::GraphLaunchRecord record{};
  record.exec = exec;
  record.stream = stream;
  record.context = kContext;
  record.api = static_cast<std::uint16_t>(driver::Api::cuGraphLaunch);
  must(trace::encode_graph_launch(records_[0], tick(), record));
}

void CaptureBuilder::end() {
  for (std::size_t i = 0; i < regions_.size(); ++i)
    hash_record(i, trace::HashPhase::Changed, 0, false);
  trace::WindowRecord window{};
  window.window = kWindow;
  window.phase = static_cast<std::uint16_t>(trace::WindowPhase::End);
  window.verify = static_cast<std::uint32_t>(trace::VerifyLevel::Window);
  must(trace::encode_window(definitions_, tick(), window, ""));
  write();
}

void CaptureBuilder::write() {
  if (!begun_) add_machine();
  must(pages_->flush() == 0);
  trace::ChunkWriter writer(sink_at(directory_.path() / "pid7-1" / "log.fib"), 1, 1);
  const auto write = [&](trace::ChunkType type, std::uint32_t thread, trace::RecordBuffer& buffer) {
    const trace::RecordsPrefix prefix{thread, 0};
    must(writer.write(type, {std::as_bytes(std::span(&prefix, 1)), buffer.bytes()}) == 0);
  };
  for (auto& [thread, buffer] : records_) write(trace::ChunkType::Records, thread, buffer);
  write(trace::ChunkType::Definitions, trace::kDefinitionsThread, definitions_);
  const trace::EndPayload end{};
  must(writer.write(trace::ChunkType::End, {std::as_bytes(std::span(&end, 1))}) == 0);
}

}  // namespace fib::replayer::testing
