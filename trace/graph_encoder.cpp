// SPDX-License-Identifier: Apache-2.0
#include "trace/encoder.h"

namespace fib::trace {
namespace {

void add_kernel(RecordBuilder& record, const NodeParts& node) noexcept {
  KernelNode kernel = node.kernel;
  kernel.param_bytes = static_cast<std::uint32_t>(node.params.size());
  kernel.attribute_count =
      static_cast<std::uint32_t>(node.attributes.size() / kLaunchAttributeBytes);
  record.require(node.attributes.size() % kLaunchAttributeBytes == 0);
  record.pod(kernel).bytes(node.params).align().bytes(node.attributes);
}

/// The length is known only behind the payload, so it is patched in.
void add_node_parts(RecordBuilder& record, const NodeParts& node) noexcept {
  const std::size_t start = record.size();
  record.pod(node.fixed);
  if (node.fixed.type != kKernelNodeType) {
    record.bytes(node.params);
  } else if ((node.fixed.flags & kNodeParamsUnknown) == 0) {
    add_kernel(record, node);
  }
  record.align();
  record.patch(start + offsetof(GraphNode, bytes),
               static_cast<std::uint32_t>(record.size() - start));
}

}  // namespace

GraphBuilder::GraphBuilder(RecordBuffer& out, std::uint64_t time, GraphRecord fixed) noexcept
    : record_(out, RecordType::Graph, 0, time), fixed_(fixed) {
  fixed_.node_count = 0;
  fixed_.edge_count = 0;
  record_.pod(fixed_);
}

GraphBuilder& GraphBuilder::add_node(const NodeParts& node) noexcept {
  record_.require(fixed_.edge_count == 0);  // nodes come first
  add_node_parts(record_, node);
  ++fixed_.node_count;
  return *this;
}

GraphBuilder& GraphBuilder::add_edges(std::span<const GraphEdge> edges) noexcept {
  record_.array(edges);
  fixed_.edge_count += static_cast<std::uint32_t>(edges.size());
  return *this;
}

bool GraphBuilder::finish() noexcept {
  record_.patch(sizeof(RecordHeader), fixed_);
  return record_.finish();
}

bool encode_graph_update(RecordBuffer& out, std::uint64_t time, const GraphUpdateRecord& fixed,
                         const NodeParts& node) noexcept {
  RecordBuilder record(out, RecordType::GraphUpdate, 0, time);
  record.pod(fixed);
  add_node_parts(record, node);
  return record.finish();
}

}  // namespace fib::trace
