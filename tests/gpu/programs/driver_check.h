// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "check.h"

/// What the programs that link libcuda share. All work runs on 128 ints of device memory.
inline constexpr int kInts = 128;

/// `images.cubin`, `images.fatbin` or `images.ptx`, which the build puts beside the programs.
inline std::string image_path(const char* name) {
  return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / name).string();
}

/// The bytes of such a file, with the zero behind that PTX text needs.
inline std::vector<char> image(const char* name) {
  std::ifstream file(image_path(name), std::ios::binary);
  CHECK(file.good());
  std::vector<char> bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  bytes.push_back('\0');
  return bytes;
}

/// Makes the primary context of device 0 current.
inline CUcontext use_primary_context() {
  CUdevice device = 0;
  CUcontext context = nullptr;
  CHECK_DRV(cuInit(0));
  CHECK_DRV(cuDeviceGet(&device, 0));
  CHECK_DRV(cuDevicePrimaryCtxRetain(&context, device));
  CHECK_DRV(cuCtxSetCurrent(context));
  return context;
}

inline CUdeviceptr zeroed_ints() {
  CUdeviceptr data = 0;
  CHECK_DRV(cuMemAlloc(&data, kInts * sizeof(int)));
  CHECK_DRV(cuMemsetD32(data, 0, kInts));
  return data;
}

/// Waits for the context; true if every int is `expected`.
inline bool ints_equal(CUdeviceptr data, int expected) {
  std::vector<int> host(kInts);
  CHECK_DRV(cuCtxSynchronize());
  CHECK_DRV(cuMemcpyDtoH(host.data(), data, kInts * sizeof(int)));
  return all_equal(host, expected);
}

inline CUfunction function(CUmodule module, const char* name) {
  CUfunction found = nullptr;
  CHECK_DRV(cuModuleGetFunction(&found, module, name));
  return found;
}

/// Launches `add` with the usual shape.
inline void launch_add(CUfunction add, CUdeviceptr data, int value, CUstream stream = nullptr) {
  void* arguments[] = {&data, &value};
  CHECK_DRV(cuLaunchKernel(add, 1, 1, 1, kInts, 1, 1, 0, stream, arguments, nullptr));
}
