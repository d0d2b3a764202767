// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "trace/records.h"

/// Ordinary host memory of the recording, which is not brought back at its addresses.
namespace fib::replayer {

class HostBuffers {
 public:
  /// Memory with this content, for copies that may still be on their way: it stays until release().
  std::byte* source(std::vector<std::byte> content);
  /// Memory that nobody reads. The same for all copies; may move when a larger one comes, and then
  /// what it was stays until release().
  std::byte* sink(std::uint64_t bytes);
  /// Memory that stands for [address, address + bytes) of the recording from now on.
  std::byte* mirror(std::uint64_t address, std::uint64_t bytes);
  /// New content of recorded host memory, where something mirrors it.
  void write(std::uint64_t address, trace::Bytes content);

  [[nodiscard]] std::uint64_t held() const { return held_; }
  /// Everything that was issued is done.
  void release();

 private:
  std::vector<std::vector<std::byte>> sources_;
  std::vector<std::byte> sink_;
  std::multimap<std::uint64_t, std::vector<std::byte>> mirrors_;
  std::uint64_t held_ = 0;
};

}  // namespace fib::replayer
