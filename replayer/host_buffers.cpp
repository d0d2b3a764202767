// SPDX-License-Identifier: Apache-2.0
#include "replayer/host_buffers.h"

#include <algorithm>
#include <cstring>

namespace fib::replayer {

std::byte* HostBuffers::source(std::vector<std::byte> content) {
  held_ += content.size();
  sources_.push_back(std::move(content));
  return sources_.back().data();
}

std::byte* HostBuffers::sink(std::uint64_t bytes) {
  if (bytes > sink_.size()) {
    source(std::move(sink_));
    sink_ = std::vector<std::byte>(bytes);
  }
  return sink_.data();
}

std::byte* HostBuffers::mirror(std::uint64_t address, std::uint64_t bytes) {
  const auto [first, last] = mirrors_.equal_range(address);
  for (auto it = first; it != last; ++it)
    if (it->second.size() >= bytes) return it->second.data();
  return mirrors_.emplace(address, std::vector<std::byte>(bytes))->second.data();
}

void HostBuffers::write(std::uint64_t address, trace::Bytes content) {
  for (auto& [begin, buffer] : mirrors_) {
    const std::uint64_t from = std::max(begin, address);
    const std::uint64_t to = std::min(begin + buffer.size(), address + content.size());
    if (from >= to) continue;
    std::memcpy(buffer.data() + (from - begin), content.data() + (from - address), to - from);
  }
}

void HostBuffers::release() {
  sources_.clear();
  held_ = 0;
}

}  // namespace fib::replayer
