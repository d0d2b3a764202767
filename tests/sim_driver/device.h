// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "driver/cuda_abi.h"

namespace fib::sim {

struct Context;

struct Device {
  int ordinal = 0;
  std::size_t total = 0, used = 0;   // bytes
  std::shared_ptr<Context> primary;  // null while inactive
  unsigned primary_references = 0;
  unsigned primary_flags = 0;
  CUmemoryPool default_pool = nullptr;
  CUmemoryPool current_pool = nullptr;
};

int device_attribute(CUdevice_attribute attribute);
CUuuid device_uuid(int ordinal);
std::string pci_bus_id(int ordinal);

inline constexpr int kMaxThreadsPerBlock = 1024;
inline constexpr int kMaxSharedPerBlock = 49152;
inline constexpr int kMaxSharedPerBlockOptin = 232448;

}  // namespace fib::sim
