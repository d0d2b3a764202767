// SPDX-License-Identifier: Apache-2.0
#include "tests/sim_driver/driver.h"

namespace fib::sim {
namespace {

bool is_settable(CUfunction_attribute which) {
  switch (which) {
    case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES:
    case CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT:
    case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_WIDTH:
    case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_HEIGHT:
    case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_DEPTH:
    case CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED:
    case CU_FUNC_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE: return true;
    default: return false;
  }
}

int fixed_attribute(const LoadedKernel& kernel, CUfunction_attribute which) {
  const FibsimAttributes& facts = kernel.entry->attributes;
  switch (which) {
    case CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK: return facts.max_threads;
    case CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES: return facts.static_shared;
    case CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES: return facts.local;
    case CU_FUNC_ATTRIBUTE_NUM_REGS: return facts.registers;
    case CU_FUNC_ATTRIBUTE_PTX_VERSION:
    case CU_FUNC_ATTRIBUTE_BINARY_VERSION: return 90;
    case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES:
      return kMaxSharedPerBlock - facts.static_shared;
    case CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT: return -1;
    default: return 0;
  }
}

void param_info(const LoadedKernel& kernel, size_t index, size_t* offset, size_t* size) {
  require(index < kernel.entry->param_count);
  store(offset, kernel.entry->params[index].offset);
  store_if(size, kernel.entry->params[index].size);
}

const char* stable_name(const LoadedKernel& kernel) { return kernel.name.c_str(); }

int ordinal_of(Call& c, CUdevice device) { return c.driver.device(device).ordinal; }

}  // namespace

FunctionPtr find_function(const Driver& driver, CUfunction handle) {
  FunctionPtr function = driver.functions.find(handle);
  require(function != nullptr, CUDA_ERROR_INVALID_HANDLE);
  return function;
}

KernelPtr find_kernel(const Driver& driver, CUkernel handle) {
  KernelPtr kernel = driver.kernels.find(handle);
  require(kernel != nullptr, CUDA_ERROR_INVALID_HANDLE);
  return kernel;
}

const LoadedKernel& loaded_kernel(Call& c, const Kernel& kernel, ImagePtr& image) {
  image = image_of_library(c, find_library(c.driver, kernel.library));
  const LoadedKernel* loaded = image->find_kernel(kernel.name);
  require(loaded != nullptr, CUDA_ERROR_NOT_FOUND);
  return *loaded;
}

FunctionPtr function_of_kernel(Call& c, const KernelPtr& kernel) {
  const ModulePtr module = module_of_library(c, find_library(c.driver, kernel->library));
  FunctionPtr function = find_function(c.driver, function_in(c.driver, *module, kernel->name));
  // Attributes set through the kernel hold for its functions on that device.
  const ContextPtr context = c.driver.contexts.find(module->context);
  if (const auto set = kernel->state.find(context->device); set != kernel->state.end())
    for (int i = 0; i < CU_FUNC_ATTRIBUTE_MAX; ++i)
      if (set->second.is_set[i]) {
        function->state.settable[static_cast<size_t>(i)] =
            set->second.settable[static_cast<size_t>(i)];
        function->state.is_set[i] = true;
      }
  return function;
}

FunctionPtr function_to_launch(Call& c, CUfunction handle) {
  if (const KernelPtr kernel = c.driver.kernels.find(reinterpret_cast<CUkernel>(handle)))
    return function_of_kernel(c, kernel);
  FunctionPtr function = find_function(c.driver, handle);
  require(function->context == c.context()->handle, CUDA_ERROR_INVALID_HANDLE);
  return function;
}

int function_attribute(const LoadedKernel& kernel, const FunctionState& state,
                       CUfunction_attribute which) {
  require(which >= 0 && which < CU_FUNC_ATTRIBUTE_MAX);
  return state.is_set[which] ? state.settable[static_cast<size_t>(which)]
                             : fixed_attribute(kernel, which);
}

void set_function_attribute(const LoadedKernel& kernel, FunctionState& state,
                            CUfunction_attribute which, int value) {
  require(is_settable(which));
  if (which == CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES)
    require(value >= 0 &&
            value + kernel.entry->attributes.static_shared <= kMaxSharedPerBlockOptin);
  state.settable[static_cast<size_t>(which)] = value;
  state.is_set[which] = true;
}

SIM_API(cuFuncGetModule, (CUmodule * out, CUfunction handle),
        store(out, find_function(c.driver, handle)->module))

SIM_API(cuFuncGetName, (const char** out, CUfunction handle),
        store(out, stable_name(*find_function(c.driver, handle)->kernel)))

SIM_API(cuFuncGetParamInfo, (CUfunction handle, size_t index, size_t* offset, size_t* size),
        param_info(*find_function(c.driver, handle)->kernel, index, offset, size))

SIM_API(cuFuncGetAttribute, (int* out, CUfunction_attribute which, CUfunction handle), {
  const FunctionPtr function = find_function(c.driver, handle);
  store(out, function_attribute(*function->kernel, function->state, which));
})

SIM_API(cuFuncSetAttribute, (CUfunction handle, CUfunction_attribute which, int value), {
  // Unlike the queries, this one takes a CUkernel, too.
  const FunctionPtr function = function_to_launch(c, handle);
  set_function_attribute(*function->kernel, function->state, which, value);
})

SIM_API(cuFuncSetCacheConfig, (CUfunction handle, CUfunc_cache), find_function(c.driver, handle))

SIM_API(cuFuncSetSharedMemConfig, (CUfunction handle, CUsharedconfig),
        find_function(c.driver, handle))

SIM_API(cuFuncIsLoaded, (CUfunctionLoadingState * state, CUfunction handle),
        find_function(c.driver, handle);
        store(state, CU_FUNCTION_LOADING_STATE_LOADED))

SIM_API(cuFuncLoad, (CUfunction handle), find_function(c.driver, handle))

SIM_API(cuKernelGetFunction, (CUfunction * out, CUkernel handle), require(out != nullptr);
        *out = function_of_kernel(c, find_kernel(c.driver, handle))->handle)

SIM_API(cuKernelGetLibrary, (CUlibrary * out, CUkernel handle),
        store(out, find_kernel(c.driver, handle)->library))

SIM_API(cuKernelGetName, (const char** out, CUkernel handle),
        store(out, find_kernel(c.driver, handle)->name.c_str()))

SIM_API(cuKernelGetParamInfo, (CUkernel handle, size_t index, size_t* offset, size_t* size), {
  const KernelPtr kernel = find_kernel(c.driver, handle);
  ImagePtr image;
  param_info(loaded_kernel(c, *kernel, image), index, offset, size);
})

SIM_API(cuKernelGetAttribute,
        (int* out, CUfunction_attribute which, CUkernel handle, CUdevice device), {
          const KernelPtr kernel = find_kernel(c.driver, handle);
          const int ordinal = ordinal_of(c, device);
          ImagePtr image;
          const LoadedKernel& loaded = loaded_kernel(c, *kernel, image);
          store(out, function_attribute(loaded, kernel->state[ordinal], which));
        })

SIM_API(cuKernelSetAttribute,
        (CUfunction_attribute which, int value, CUkernel handle, CUdevice device), {
          const KernelPtr kernel = find_kernel(c.driver, handle);
          const int ordinal = ordinal_of(c, device);
          ImagePtr image;
          const LoadedKernel& loaded = loaded_kernel(c, *kernel, image);
          set_function_attribute(loaded, kernel->state[ordinal], which, value);
        })

SIM_API(cuKernelSetCacheConfig, (CUkernel handle, CUfunc_cache, CUdevice),
        find_kernel(c.driver, handle))

}  // namespace fib::sim
