// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "driver/driver_api.h"
#include "tests/unit/trace/temp_directory.h"
#include "trace/encoder.h"
#include "trace/page_file.h"

namespace fib::replayer::testing {

using ByteVector = std::vector<std::byte>;

/// Values back to back, each at its natural alignment: a kernel's parameters.
template <class... Args>
ByteVector pack(Args... args) {
  ByteVector bytes;
  const auto add = [&](const auto& value) {
    bytes.resize((bytes.size() + alignof(decltype(value)) - 1) / alignof(decltype(value)) *
                 alignof(decltype(value)));
    const auto* raw = reinterpret_cast<const std::byte*>(&value);
    bytes.insert(bytes.end(), raw, raw + sizeof value);
  };
  (add(args), ...);
  return bytes;
}

template <class T>
ByteVector bytes_of(const std::vector<T>& values) {
  ByteVector bytes(values.size() * sizeof(T));
  if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

ByteVector floats(int count, float value);

/// A region of the window that is being made: `now` is what the test says it holds, and is compared
/// with what was known when the window ends.
struct BuiltRegion {
  trace::RegionRecord fixed{};
  std::string name;
  ByteVector known, now;
};

/// Parameters of the standard kernels of the simulated driver, by their mangled names.
struct KernelSpec {
  const char* name;
  std::vector<trace::KernelParam> params;
};
extern const KernelSpec kFill, kCopy, kScale, kSaxpy, kRandomOrderSum, kSpin, kUseGlobals, kAddOne;

/// Makes a capture with one window, as a recorder would. Records get rising times; what a test adds
/// between begin() and end() belongs to the window.
class CaptureBuilder {
 public:
  CaptureBuilder();

  /// An address that no other builder of this process uses.
  [[nodiscard]] std::uint64_t address(std::uint64_t offset) const { return base_ + offset; }
  [[nodiscard]] std::filesystem::path path() const { return directory_.path(); }
  [[nodiscard]] const trace::testing::TempDirectory& directory() const { return directory_; }

  /// Before begin(). The image of the standard kernels, loaded as a library or as a module.
  std::uint32_t load(bool library = false, bool with_image = true);
  std::uint32_t kernel(const KernelSpec& spec, std::uint32_t load, std::uint16_t flags = 0);
  std::size_t region(trace::RegionKind kind, std::uint64_t at, ByteVector content,
                     trace::RegionRecord more = {}, const std::string& name = "");
  void stream(std::uint64_t handle, unsigned flags);
  /// Of the next load(): a simulated image beside the driver's.
  void set_image(const std::string& name) { image_ = name; }
  void set_device_name(const std::string& name) { device_name_ = name; }
  void set_driver_version(int version) { driver_version_ = version; }

  void begin(trace::VerifyLevel verify = trace::VerifyLevel::Window);
  /// What the test says a region holds.
  [[nodiscard]] ByteVector& content(std::size_t region) { return regions_[region].now; }
  /// A launch of `threads` threads in blocks of 32.
  void launch(std::uint32_t kernel, int threads, const ByteVector& params, std::uint64_t stream = 0,
              trace::LaunchRecord more = {}, std::uint16_t flags = 0, std::uint32_t thread = 0);
  void call(driver::Api api, const std::vector<std::uint64_t>& words, const ByteVector& blobs = {},
            std::uint32_t thread = 0);
  void payload(trace::PayloadKind kind, std::uint64_t address, const ByteVector& content,
               std::uint32_t thread = 0);
  /// After a launch or call: all pages that the test changed since the last point.
  void point(trace::PointKind kind, trace::EffectReason reason = trace::EffectReason::None);
  /// A region that becomes live now.
  std::size_t birth(trace::RegionKind kind, std::uint64_t at, ByteVector content);
  void graph_launch(std::uint32_t exec, std::uint64_t stream = 0);
  void end();
  /// Leaves the window open.
  void write();

  std::uint64_t tick() { return time_ += 1000; }
  trace::RecordBuffer& definitions() { return definitions_; }
  trace::RecordBuffer& records(std::uint32_t thread) { return records_[thread]; }
  /// Stores a content and returns its hash.
  trace::Hash store(std::span<const std::byte> content);
  static constexpr std::uint64_t kContext = 0xc0ffee;
  static constexpr std::uint64_t kHandleOfKernel = 0xbeef0000;  ///< plus the kernel's number

 private:
  void add_machine();
  std::vector<trace::Hash> hashes_of(std::span<const std::byte> content, bool stored);
  void hash_record(std::size_t region, trace::HashPhase phase, std::uint64_t point, bool stored);

  trace::testing::TempDirectory directory_;
  std::uint64_t base_;
  std::uint64_t time_ = 1'000'000;
  trace::RecordBuffer definitions_;
  std::map<std::uint32_t, trace::RecordBuffer> records_;
  std::unique_ptr<trace::PageFileWriter> pages_;
  std::vector<BuiltRegion> regions_;
  std::vector<trace::StreamRecord> streams_;
  std::uint32_t next_load_ = 1, next_kernel_ = 1;
  std::uint64_t next_point_ = 1;
  std::string image_ = "sim_kernels";
  std::string device_name_ = "fibshim simulated GPU";
  int driver_version_ = 13000;
  bool begun_ = false;
};

}  // namespace fib::replayer::testing
