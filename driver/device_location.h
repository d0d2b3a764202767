// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "driver/cuda_abi.h"

namespace fib::driver {

/// Where memory of this GPU is. Member by member: what follows the type is a union in some versions
/// of cuda.h.
inline CUmemLocation device_location(CUdevice device) noexcept {
  CUmemLocation location{};
  location.type = CU_MEM_LOCATION_TYPE_DEVICE;
  location.id = device;
  return location;
}

}  // namespace fib::driver
