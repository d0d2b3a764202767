// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

#include "cli/facts.h"

namespace fib::cli {

/// Follows a process's allocations. Collects them in whatever order the log has them; settle() puts
/// them in order of time. Virtual memory counts while it is backed: physical memory lives until its
/// handle is released and its last mapping is gone.
class MemoryLedger {
 public:
  void allocate(std::uint64_t ticks, MemoryKind kind, std::uint64_t address, std::uint64_t bytes);
  void free(std::uint64_t ticks, std::uint64_t address);
  void create(std::uint64_t ticks, std::uint64_t handle, std::uint64_t bytes);
  void retain(std::uint64_t ticks, std::uint64_t handle);
  void release(std::uint64_t ticks, std::uint64_t handle);
  void map(std::uint64_t ticks, std::uint64_t address, std::uint64_t bytes, std::uint64_t handle);
  void unmap(std::uint64_t ticks, std::uint64_t address, std::uint64_t bytes);

  /// Call once.
  [[nodiscard]] MemoryFacts settle();

 private:
  enum class Kind : std::uint8_t { Allocate, Free, Create, Retain, Release, Map, Unmap };
  struct Event {
    std::uint64_t ticks, address, bytes, handle;
    Kind kind;
    MemoryKind memory;
  };
  struct Block {
    std::uint64_t bytes;
    MemoryKind kind;
  };
  struct Physical {
    std::uint64_t bytes, references, mappings;
  };
  struct Mapping {
    std::uint64_t bytes;
    std::size_t physical;
  };

  void apply(const Event& event);
  void apply_allocate(const Event& event);
  void apply_free(const Event& event);
  void apply_create(const Event& event);
  void apply_reference(const Event& event);
  void apply_map(const Event& event);
  void apply_unmap(const Event& event);
  void drop_if_unused(const Event& event, std::size_t physical);
  void grow(const Event& event, MemoryKind kind, std::uint64_t bytes);
  void shrink(const Event& event, MemoryKind kind, std::uint64_t bytes);

  std::vector<Event> events_;
  MemoryFacts facts_;
  std::unordered_map<std::uint64_t, Block> blocks_;         ///< by address
  std::vector<Physical> physical_;                          ///< every one that there ever was
  std::unordered_map<std::uint64_t, std::size_t> handles_;  ///< the last one of each handle
  std::map<std::uint64_t, Mapping> mappings_;               ///< by address
};

}  // namespace fib::cli
