// SPDX-License-Identifier: Apache-2.0
#include "tests/sim_driver/launch.h"

#include "tests/sim_driver/driver.h"

namespace fib::sim {
namespace {

struct ParamBuffer {
  const void* data = nullptr;
  const size_t* size = nullptr;
};

// The entries of `extra` come in any order, up to CU_LAUNCH_PARAM_END.
ParamBuffer parse_extra(void** extra) {
  ParamBuffer buffer;
  for (; *extra != CU_LAUNCH_PARAM_END; extra += 2) {
    if (*extra == CU_LAUNCH_PARAM_BUFFER_POINTER) {
      buffer.data = extra[1];
    } else if (*extra == CU_LAUNCH_PARAM_BUFFER_SIZE) {
      buffer.size = static_cast<const size_t*>(extra[1]);
    } else {
      fail(CUDA_ERROR_INVALID_VALUE);
    }
  }
  require(buffer.data && buffer.size);
  return buffer;
}

size_t block_size(const FibsimKernel& kernel) {
  if (kernel.param_count == 0) return 0;
  const FibsimParam& last = kernel.params[kernel.param_count - 1];
  return last.offset + last.size;
}

void check_cluster(const KernelLaunch& launch, const CUlaunchAttribute& attribute) {
  const auto& dim = attribute.value.clusterDim;
  if (dim.x == 0 && dim.y == 0 && dim.z == 0) return;  // as if it had not been set
  require(dim.x > 0 && dim.y > 0 && dim.z > 0 && dim.x * dim.y * dim.z <= 16);
  require(launch.grid.x % dim.x == 0 && launch.grid.y % dim.y == 0 && launch.grid.z % dim.z == 0);
}

void launch_kernel(Call& c, CUstream on, CUfunction f, FibsimDim grid, FibsimDim block,
                   unsigned shared, void** params, void** extra,
                   const CUlaunchAttribute* attributes = nullptr, unsigned attribute_count = 0) {
  c.context();
  KernelLaunch request;
  request.as_given = f;
  request.function = function_to_launch(c, f);
  request.grid = grid;
  request.block = block;
  request.shared_bytes = shared;
  request.attributes = checked_attributes(attributes, attribute_count);
  request.params = pack_params(*request.function->kernel, params, extra);
  request.through_extra = extra != nullptr;
  check_launch(request);
  launch(c, c.stream(on), std::move(request));
}

void launch_ex(Call& c, const CUlaunchConfig* config, CUfunction f, void** params, void** extra) {
  require(config != nullptr && (config->numAttrs == 0 || config->attrs));
  launch_kernel(c, config->hStream, f, {config->gridDimX, config->gridDimY, config->gridDimZ},
                {config->blockDimX, config->blockDimY, config->blockDimZ}, config->sharedMemBytes,
                params, extra, config->attrs, config->numAttrs);
}

void launch_cooperative(Call& c, CUstream on, CUfunction f, FibsimDim grid, FibsimDim block,
                        unsigned shared, void** params) {
  CUlaunchAttribute attribute{};
  attribute.id = CU_LAUNCH_ATTRIBUTE_COOPERATIVE;
  attribute.value.cooperative = 1;
  launch_kernel(c, on, f, grid, block, shared, params, nullptr, &attribute, 1);
}

// cuLaunch, cuLaunchGrid, cuLaunchGridAsync: everything but the grid was set on the function.
void launch_legacy(Call& c, CUstream on, CUfunction f, int width, int height) {
  require(width > 0 && height > 0);
  const FunctionPtr function = find_function(c.driver, f);
  const auto [x, y, z] = function->block_shape;
  size_t size = function->legacy_params.size();
  void* extra[] = {CU_LAUNCH_PARAM_BUFFER_POINTER, function->legacy_params.data(),
                   CU_LAUNCH_PARAM_BUFFER_SIZE, &size, CU_LAUNCH_PARAM_END};
  launch_kernel(c, on, f, {static_cast<unsigned>(width), static_cast<unsigned>(height), 1},
                {x, y, z}, function->shared_size, nullptr, size > 0 ? extra : nullptr);
}

void set_legacy_param(Call& c, CUfunction f, int offset, const void* bytes, size_t size) {
  const FunctionPtr function = find_function(c.driver, f);
  require(offset >= 0 && bytes);
  const size_t end = static_cast<size_t>(offset) + size;
  if (function->legacy_params.size() < end) function->legacy_params.resize(end);
  std::memcpy(function->legacy_params.data() + offset, bytes, size);
}

}  // namespace

ParamBlock pack_params(const LoadedKernel& kernel, void** params, void** extra) {
  require(!params || !extra);
  const FibsimKernel& entry = *kernel.entry;
  ParamBlock block(block_size(entry));
  if (extra) {
    const ParamBuffer buffer = parse_extra(extra);
    require(*buffer.size >= block.size());
    if (block.size() > 0) std::memcpy(block.data(), buffer.data, block.size());
    return block;
  }
  require(params || entry.param_count == 0);
  for (uint32_t i = 0; i < entry.param_count; ++i) {
    require(params[i] != nullptr);
    std::memcpy(block.data() + entry.params[i].offset, params[i], entry.params[i].size);
  }
  return block;
}

void check_launch(const KernelLaunch& launch) {
  const auto& [gx, gy, gz] = launch.grid;
  const auto& [bx, by, bz] = launch.block;
  require(gx > 0 && gy > 0 && gz > 0 && gx <= 2147483647 && gy <= 65535 && gz <= 65535);
  require(bx > 0 && by > 0 && bz > 0 && bx <= 1024 && by <= 1024 && bz <= 64);
  const Function& function = *launch.function;
  require(bx * by * bz <= static_cast<unsigned>(function.kernel->entry->attributes.max_threads));
  const int shared = function_attribute(*function.kernel, function.state,
                                        CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES);
  require(launch.shared_bytes <= static_cast<unsigned>(shared));
  for (const CUlaunchAttribute& attribute : launch.attributes)
    if (attribute.id == CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION) check_cluster(launch, attribute);
}

std::vector<CUlaunchAttribute> checked_attributes(const CUlaunchAttribute* attributes,
                                                  unsigned count) {
  std::vector<CUlaunchAttribute> copies(attributes, attributes + count);
  for (const CUlaunchAttribute& attribute : copies) {
    unsigned id = 0;  // not through the enum: the application may have written anything
    std::memcpy(&id, &attribute.id, sizeof id);
    require(id <= CU_LAUNCH_ATTRIBUTE_NVLINK_UTIL_CENTRIC_SCHEDULING);
    require(id != CU_LAUNCH_ATTRIBUTE_SYNCHRONIZATION_POLICY && id != 15);
  }
  return copies;
}

void launch(Call& c, const StreamPtr& stream, KernelLaunch request) {
  require(stream->context == request.function->context, CUDA_ERROR_INVALID_HANDLE);
  issue(c, stream, std::move(request));
}

/// FIBSIM_LAUNCH=null: no lock, no allocation, no system call.
#define SIM_NULL_LAUNCH(handle)                                  \
  if (::fib::sim::g_null_launch.load(std::memory_order_relaxed)) \
  return (handle) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE

#define SIM_LAUNCH(symbol, per_thread, parameters, handle, ...)                           \
  extern "C" CUresult CUDAAPI symbol parameters {                                         \
    SIM_NULL_LAUNCH(handle);                                                              \
    return call(Api::symbol, per_thread, [&]([[maybe_unused]] Call& c) { __VA_ARGS__; }); \
  }
#define SIM_LAUNCH_TWIN(symbol, parameters, handle, ...)     \
  SIM_LAUNCH(symbol, false, parameters, handle, __VA_ARGS__) \
  SIM_LAUNCH(symbol##_ptsz, true, parameters, handle, __VA_ARGS__)

SIM_LAUNCH_TWIN(cuLaunchKernel,
                (CUfunction f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by,
                 unsigned bz, unsigned shared, CUstream stream, void** params, void** extra),
                f, launch_kernel(c, stream, f, {gx, gy, gz}, {bx, by, bz}, shared, params, extra))

SIM_LAUNCH_TWIN(cuLaunchKernelEx,
                (const CUlaunchConfig* config, CUfunction f, void** params, void** extra), f,
                launch_ex(c, config, f, params, extra))

SIM_LAUNCH_TWIN(cuLaunchCooperativeKernel,
                (CUfunction f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by,
                 unsigned bz, unsigned shared, CUstream stream, void** params),
                f, launch_cooperative(c, stream, f, {gx, gy, gz}, {bx, by, bz}, shared, params))

SIM_LAUNCH(cuLaunch, false, (CUfunction f), f, launch_legacy(c, nullptr, f, 1, 1))
SIM_LAUNCH(cuLaunchGrid, false, (CUfunction f, int width, int height), f,
           launch_legacy(c, nullptr, f, width, height))
SIM_LAUNCH(cuLaunchGridAsync, false, (CUfunction f, int width, int height, CUstream stream), f,
           launch_legacy(c, stream, f, width, height))

SIM_API(cuLaunchCooperativeKernelMultiDevice,
        (CUDA_LAUNCH_PARAMS * list, unsigned count, unsigned flags), {
          require(list && count > 0 && flags <= 3);
          for (unsigned i = 0; i < count; ++i) {
            const CUDA_LAUNCH_PARAMS& p = list[i];
            launch_cooperative(c, p.hStream, p.function, {p.gridDimX, p.gridDimY, p.gridDimZ},
                               {p.blockDimX, p.blockDimY, p.blockDimZ}, p.sharedMemBytes,
                               p.kernelParams);
          }
        })

SIM_API(cuFuncSetBlockShape, (CUfunction f, int x, int y, int z), {
  const FunctionPtr function = find_function(c.driver, f);
  require(x > 0 && y > 0 && z > 0);
  function->block_shape = {static_cast<unsigned>(x), static_cast<unsigned>(y),
                           static_cast<unsigned>(z)};
})
SIM_API(cuFuncSetSharedSize, (CUfunction f, unsigned bytes),
        find_function(c.driver, f)->shared_size = bytes)
SIM_API(cuParamSetSize, (CUfunction f, unsigned bytes),
        find_function(c.driver, f)->legacy_params.resize(bytes))
SIM_API(cuParamSetv, (CUfunction f, int offset, void* bytes, unsigned size),
        set_legacy_param(c, f, offset, bytes, size))
SIM_API(cuParamSeti, (CUfunction f, int offset, unsigned value),
        set_legacy_param(c, f, offset, &value, sizeof value))
SIM_API(cuParamSetf, (CUfunction f, int offset, float value),
        set_legacy_param(c, f, offset, &value, sizeof value))

}  // namespace fib::sim
