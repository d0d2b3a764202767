// SPDX-License-Identifier: Apache-2.0
#include "tests/sim_driver/device.h"

#include <cstdio>
#include <cstring>

#include "tests/sim_driver/config.h"
#include "tests/sim_driver/driver.h"

namespace fib::sim {
namespace {

constexpr int kMajor = 9, kMinor = 0;

void copy_text(char* out, int room, const std::string& text) {
  require(out && room > 0);
  const size_t n = std::min(static_cast<size_t>(room) - 1, text.size());
  std::memcpy(out, text.data(), n);
  out[n] = '\0';
}

}  // namespace

int device_attribute(CUdevice_attribute attribute) {
  switch (attribute) {
    case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK: return kMaxThreadsPerBlock;
    case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X:
    case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y: return 1024;
    case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z: return 64;
    case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X: return 2147483647;
    case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y:
    case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z: return 65535;
    case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK: return kMaxSharedPerBlock;
    case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN: return kMaxSharedPerBlockOptin;
    case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR: return 233472;
    case CU_DEVICE_ATTRIBUTE_RESERVED_SHARED_MEMORY_PER_BLOCK: return 1024;
    case CU_DEVICE_ATTRIBUTE_TOTAL_CONSTANT_MEMORY: return 65536;
    case CU_DEVICE_ATTRIBUTE_WARP_SIZE: return 32;
    case CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK:
    case CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR: return 65536;
    case CU_DEVICE_ATTRIBUTE_CLOCK_RATE: return 1980000;  // kHz
    case CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE: return 3201000;
    case CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH: return 6144;
    case CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE: return 62914560;
    case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT: return 132;
    case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR: return 2048;
    case CU_DEVICE_ATTRIBUTE_MAX_BLOCKS_PER_MULTIPROCESSOR: return 32;
    case CU_DEVICE_ATTRIBUTE_ASYNC_ENGINE_COUNT: return 3;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR: return kMajor;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR: return kMinor;
    case CU_DEVICE_ATTRIBUTE_TEXTURE_ALIGNMENT: return 512;
    case CU_DEVICE_ATTRIBUTE_TEXTURE_PITCH_ALIGNMENT: return 32;
    case CU_DEVICE_ATTRIBUTE_MAX_PITCH: return 2147483647;
    case CU_DEVICE_ATTRIBUTE_GPU_OVERLAP:
    case CU_DEVICE_ATTRIBUTE_CONCURRENT_KERNELS:
    case CU_DEVICE_ATTRIBUTE_CAN_MAP_HOST_MEMORY:
    case CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING:
    case CU_DEVICE_ATTRIBUTE_STREAM_PRIORITIES_SUPPORTED:
    case CU_DEVICE_ATTRIBUTE_MANAGED_MEMORY:
    case CU_DEVICE_ATTRIBUTE_CONCURRENT_MANAGED_ACCESS:
    case CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH:
    case CU_DEVICE_ATTRIBUTE_CLUSTER_LAUNCH:
    case CU_DEVICE_ATTRIBUTE_HOST_REGISTER_SUPPORTED:
    case CU_DEVICE_ATTRIBUTE_CAN_USE_HOST_POINTER_FOR_REGISTERED_MEM:
    case CU_DEVICE_ATTRIBUTE_VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED:
    case CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED: return 1;
    case CU_DEVICE_ATTRIBUTE_PCI_BUS_ID: return 1;
    default: return 0;
  }
}

CUuuid device_uuid(int ordinal) {
  CUuuid uuid{};
  std::memcpy(uuid.bytes, "fibshim-sim-gpu", 15);
  uuid.bytes[15] = static_cast<char>(ordinal);
  return uuid;
}

std::string pci_bus_id(int ordinal) {
  char text[16];
  std::snprintf(text, sizeof text, "0000:%02X:00.0", static_cast<unsigned>(ordinal + 1) & 0xFF);
  return text;
}

SIM_API(cuDeviceGet, (CUdevice * out, int ordinal), store(out, c.driver.device(ordinal).ordinal))
SIM_API(cuDeviceGetCount, (int* out), store(out, c.driver.devices.size()))
SIM_API(cuDeviceGetName, (char* out, int room, CUdevice device), c.driver.device(device);
        copy_text(out, room, config().device_name))
SIM_API(cuDeviceGetUuid, (CUuuid * out, CUdevice device),
        store(out, device_uuid(c.driver.device(device).ordinal)))
SIM_API(cuDeviceGetUuid_v2, (CUuuid * out, CUdevice device),
        store(out, device_uuid(c.driver.device(device).ordinal)))
SIM_API(cuDeviceTotalMem_v2, (size_t * out, CUdevice device),
        store(out, c.driver.device(device).total))
SIM_API(cuDeviceComputeCapability, (int* major, int* minor, CUdevice device),
        c.driver.device(device);
        store(major, kMajor); store(minor, kMinor))
SIM_API(cuDeviceGetPCIBusId, (char* out, int room, CUdevice device),
        copy_text(out, room, pci_bus_id(c.driver.device(device).ordinal)))
SIM_API(cuDeviceCanAccessPeer, (int* out, CUdevice device, CUdevice peer), c.driver.device(device);
        c.driver.device(peer); store(out, device != peer))

SIM_API(cuDeviceGetAttribute, (int* out, CUdevice_attribute attribute, CUdevice device), {
  c.driver.device(device);
  require(attribute > 0 && attribute < CU_DEVICE_ATTRIBUTE_MAX);
  const bool is_bus = attribute == CU_DEVICE_ATTRIBUTE_PCI_BUS_ID;
  store(out, device_attribute(attribute) + (is_bus ? device : 0));
})

SIM_API(cuDeviceGetByPCIBusId, (CUdevice * out, const char* id), {
  require(out && id);
  for (const Device& device : c.driver.devices)
    if (pci_bus_id(device.ordinal) == id) return store(out, device.ordinal);
  fail(CUDA_ERROR_INVALID_DEVICE);
})

}  // namespace fib::sim
