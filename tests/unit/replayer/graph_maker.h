// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>

#include "capture_builder.h"

namespace fib::replayer::testing {

/// Gathers the nodes of a graph record; owns their bytes. Handles are 0x9000 plus the index.
class GraphMaker {
 public:
  std::uint32_t kernel(std::uint32_t id, int threads, ByteVector params,
                       std::uint32_t parent = trace::kNoParent);
  /// `params`: the driver's structure.
  template <class Params>
  std::uint32_t other(CUgraphNodeType type, const Params& params,
                      std::uint32_t parent = trace::kNoParent) {
    ByteVector bytes(sizeof params);
    std::memcpy(bytes.data(), &params, sizeof params);
    return add(static_cast<std::uint16_t>(type), {}, std::move(bytes), parent);
  }
  std::uint32_t bare(CUgraphNodeType type, std::uint32_t parent = trace::kNoParent) {
    return add(static_cast<std::uint16_t>(type), {}, {}, parent);
  }
  void edge(std::uint32_t from, std::uint32_t to, std::uint8_t from_port = 0,
            std::uint8_t type = 0) {
    edges_.push_back({from, to, from_port, 0, type, {}});
  }
  void attribute(std::uint32_t node, const CUlaunchAttribute& attribute);
  void write(CaptureBuilder& to, std::uint32_t exec, std::uint32_t revision = 0);
  /// The node's new parameters, as an update.
  void write_update(CaptureBuilder& to, std::uint32_t exec, std::uint32_t node, ByteVector params);

  static constexpr std::uint64_t kExecHandle = 0xee0000, kNodeHandle = 0x9000;

 private:
  struct Node {
    trace::GraphNode fixed{};
    trace::KernelNode kernel{};
    ByteVector params, attributes;
  };
  std::uint32_t add(std::uint16_t type, trace::KernelNode kernel, ByteVector params,
                    std::uint32_t parent);
  [[nodiscard]] static trace::NodeParts parts(const Node& node) {
    return {node.fixed, node.kernel, node.params, node.attributes};
  }
  std::deque<Node> nodes_;
  std::vector<trace::GraphEdge> edges_;
};

}  // namespace fib::replayer::testing
