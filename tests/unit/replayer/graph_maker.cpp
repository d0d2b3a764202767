// SPDX-License-Identifier: Apache-2.0
#include "graph_maker.h"

#include <stdexcept>

namespace fib::replayer::testing {
namespace {

void must(bool done) {
  if (!done) throw std::runtime_error("a graph record could not be made");
}

}  // namespace

std::uint32_t GraphMaker::add(std::uint16_t type, trace::KernelNode kernel, ByteVector params,
                              std::uint32_t parent) {
  Node node;
  node.fixed.type = type;
  node.fixed.parent = parent;
  node.fixed.handle = kNodeHandle + nodes_.size();
  node.kernel = kernel;
  node.params = std::move(params);
  nodes_.push_back(std::move(node));
  return static_cast<std::uint32_t>(nodes_.size() - 1);
}

std::uint32_t GraphMaker::kernel(std::uint32_t id, int threads, ByteVector params,
                                 std::uint32_t parent) {
  const trace::KernelNode kernel{id,
                                 {static_cast<std::uint32_t>((threads + 31) / 32), 1, 1},
                                 {32, 1, 1},
                                 0,
                                 static_cast<std::uint32_t>(params.size()),
                                 0};
  return add(trace::kKernelNodeType, kernel, std::move(params), parent);
}

void GraphMaker::attribute(std::uint32_t node, const CUlaunchAttribute& attribute) {
  const auto* raw = reinterpret_cast<const std::byte*>(&attribute);
  nodes_[node].attributes.insert(nodes_[node].attributes.end(), raw, raw + sizeof attribute);
  ++nodes_[node].kernel.attribute_count;
}

void GraphMaker::write(CaptureBuilder& to, std::uint32_t exec, std::uint32_t revision) {
  trace::GraphRecord record{};
  record.exec = exec;
  record.revision = revision;
  record.exec_handle = kExecHandle + exec;
  trace::GraphBuilder builder(to.definitions(), to.tick(), record);
  for (const Node& node : nodes_) builder.add_node(parts(node));
  must(builder.add_edges(edges_).finish());
}

void GraphMaker::write_update(CaptureBuilder& to, std::uint32_t exec, std::uint32_t node,
                              ByteVector params) {
  Node changed = nodes_[node];
  changed.params = std::move(params);
  must(trace::encode_graph_update(to.definitions(), to.tick(), {exec, 0}, parts(changed)));
}

}  // namespace fib::replayer::testing
