// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <string>

#include "tests/unit/cli/full_log.h"
#include "tests/unit/registry_code/sample_image.h"
#include "tests/unit/trace/temp_directory.h"
#include "trace/capture.h"
#include "trace/checksum.h"

namespace fib::cli::testing {

/// A recorded process that runs `scale(x, y, factor, n)` on an H200, eagerly and in a graph.
class RecordedScale {
 public:
  static constexpr const char* kKernel = "_Z5scalePKfPffi";
  static constexpr std::uint64_t kInput = 0x7f0000000000, kOutput = 0x7f0000100000;

  RecordedScale() {
    log_.device(0, "NVIDIA H200").context(0xc0, 0).process(42).load(1, "/home/u/app");
    log_.stored_image(1, store({{".text._Z5scalePKfPffi", "scale in sass"}}));
    log_.full_kernel(1, kKernel, {8, 8, 4, 4}, 1);
    allocate(1, kInput, 40'000);
    allocate(2, kOutput, 40'000);
  }

  static std::string params(std::uint64_t x, std::uint64_t y, float factor, int n) {
    std::string bytes(24, '\0');
    std::memcpy(bytes.data(), &x, 8);
    std::memcpy(bytes.data() + 8, &y, 8);
    std::memcpy(bytes.data() + 16, &factor, 4);
    std::memcpy(bytes.data() + 20, &n, 4);
    return bytes;
  }
  static FullLog::FullLaunch scale(int n) {
    FullLog::FullLaunch launch;
    launch.grid[0] = static_cast<std::uint32_t>(n + 255) / 256;
    launch.block[0] = 256;
    launch.params = params(kInput, kOutput, 0.5f, n);
    launch.context = 0xc0;
    return launch;
  }
  /// Six launches: two of 1000, one of 9999, three of 4000 by a graph.
  RecordedScale& usual() {
    log_.full_launch(10, scale(1000)).full_launch(11, scale(1000)).full_launch(12, scale(9999));
    log_.full_graph(20, 1, scale(4000));
    for (std::uint64_t time = 21; time < 24; ++time) log_.graph_launch(0, time, 1);
    return *this;
  }

  trace::Hash store(const std::map<std::string, std::string>& sections,
                    const std::map<std::string, std::string>& variables = {}) {
    const auto image = code::testing::make_cubin(sections, variables);
    const trace::Hash hash = trace::content_hash(image);
    directory_.write("capture/images/" + trace::hash_hex(hash),
                     {reinterpret_cast<const char*>(image.data()), image.size()});
    return hash;
  }
  void allocate(std::uint64_t time, std::uint64_t address, std::uint64_t bytes) {
    log_.call(0, time, "cuMemAlloc_v2", "=dptr bytesize", {address, bytes});
  }
  FullLog& log() { return log_; }

  /// Writes the capture; its path.
  std::string save() {
    log_.save(directory_.path() / "capture", "pid42-1");
    return path("capture");
  }
  [[nodiscard]] std::string path(const std::string& name) const {
    return (directory_.path() / name).string();
  }
  [[nodiscard]] const trace::testing::TempDirectory& directory() const { return directory_; }

 private:
  trace::testing::TempDirectory directory_;
  FullLog log_;
};

}  // namespace fib::cli::testing
