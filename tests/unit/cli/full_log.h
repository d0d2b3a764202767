// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <vector>

#include "tests/unit/cli/synthetic_log.h"

namespace fib::cli::testing {

/// A synthetic log whose launches have all that real ones have: devices, parameters, attributes.
class FullLog : public SyntheticLog {
 public:
  FullLog& device(std::int32_t ordinal, const std::string& name, std::int32_t major = 9) {
    trace::DeviceRecord fixed{};
    fixed.ordinal = ordinal;
    fixed.cc_major = major;
    check(encode_device(definitions_, 0, fixed, name));
    return *this;
  }
  FullLog& context(std::uint64_t handle, std::int32_t device) {
    trace::ContextRecord fixed{};
    fixed.handle = handle;
    fixed.device = device;
    check(encode_context(definitions_, 0, fixed, {}));
    return *this;
  }
  /// With parameters of these sizes, each at its natural alignment.
  FullLog& full_kernel(std::uint32_t id, const std::string& name,
                       const std::vector<std::uint32_t>& sizes, std::uint32_t load = 0,
                       const std::vector<trace::KernelAttribute>& attributes = {}) {
    trace::KernelRecord fixed{};
    fixed.kernel = id;
    fixed.load = load;
    std::vector<trace::KernelParam> params;
    std::uint32_t end = 0;
    for (const std::uint32_t size : sizes) {
      const std::uint32_t alignment = size % 8 == 0 ? 8 : size;
      end = (end + alignment - 1) / alignment * alignment;
      params.push_back({end, size});
      end += size;
    }
    fixed.param_bytes = end;
    check(encode_kernel(definitions_, 0, 0, fixed, params, attributes, name));
    return *this;
  }
  struct FullLaunch {
    std::uint32_t kernel = 1;
    std::array<std::uint32_t, 3> grid{1, 1, 1}, block{1, 1, 1};
    std::uint32_t shared_bytes = 0;
    std::string params;      ///< the buffer
    std::string attributes;  ///< raw
    std::string api = "cuLaunchKernel";
    std::uint64_t context = 0;
  };
  FullLog& full_launch(std::uint64_t time, const FullLaunch& launch) {
    trace::LaunchRecord fixed{};
    fixed.kernel = launch.kernel;
    fixed.duration = 10;
    std::copy(launch.grid.begin(), launch.grid.end(), fixed.grid);
    std::copy(launch.block.begin(), launch.block.end(), fixed.block);
    fixed.shared_bytes = launch.shared_bytes;
    fixed.context = launch.context;
    fixed.api = api(launch.api, "f");
    check(encode_launch(threads_[0], time, 0, fixed, octets(launch.params),
                        octets(launch.attributes)));
    return *this;
  }
  /// A graph of one kernel node.
  FullLog& full_graph(std::uint64_t time, std::uint32_t exec, const FullLaunch& launch) {
    trace::GraphRecord fixed{};
    fixed.exec = exec;
    trace::NodeParts node;
    node.fixed.handle = 0xa0;
    node.fixed.parent = trace::kNoParent;
    node.kernel.kernel = launch.kernel;
    std::copy(launch.grid.begin(), launch.grid.end(), node.kernel.grid);
    std::copy(launch.block.begin(), launch.block.end(), node.kernel.block);
    node.params = octets(launch.params);
    trace::GraphBuilder builder(definitions_, time, fixed);
    builder.add_node(node);
    check(builder.finish());
    return *this;
  }

 private:
  static std::span<const std::byte> octets(const std::string& text) {
    return std::as_bytes(std::span(text.data(), text.size()));
  }
};

}  // namespace fib::cli::testing
