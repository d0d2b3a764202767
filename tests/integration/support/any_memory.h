// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda.h>

#include <cstddef>
#include <string>
#include <vector>

namespace fib::test {

/// The ways to get memory that kernels can use.
enum class MemoryKind { Device, Pool, Mapped, Pinned, Registered, Managed };

/// By the name that test arguments use: device, pool, mapped, pinned, registered, managed.
MemoryKind memory_kind(const std::string& name);

/// `count` ints of one kind of memory, zero at first, between canaries that are checked when it is
/// read and when it goes. The GPU must be idle then.
class AnyMemory {
 public:
  AnyMemory(MemoryKind kind, std::size_t count);
  ~AnyMemory();
  AnyMemory(const AnyMemory&) = delete;
  AnyMemory& operator=(const AnyMemory&) = delete;

  CUdeviceptr address() const { return base_ + kCanary; }
  int* data() const { return reinterpret_cast<int*>(address()); }
  std::size_t bytes() const { return bytes_; }
  /// Whether the program may write it without a copy.
  bool on_host() const;
  std::vector<int> read() const;
  void check() const;

 private:
  void allocate();
  void map();
  void free();

  static constexpr std::size_t kCanary = 256;
  static constexpr unsigned char kPattern = 0xc5;
  MemoryKind kind_;
  std::size_t bytes_, all_bytes_;
  CUdeviceptr base_ = 0;
  CUmemGenericAllocationHandle handle_ = 0;
};

}  // namespace fib::test
