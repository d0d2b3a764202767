// SPDX-License-Identifier: Apache-2.0
#include "replayer/code.h"

#include "replayer/load_options.h"

namespace fib::replayer {
namespace {

bool is_settable(int attribute) {
  return attribute == CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES ||
         attribute == CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT ||
         (attribute >= CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_WIDTH &&
          attribute <= CU_FUNC_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE);
}

bool is_library(const LoadPlan& plan) { return plan.api->base.starts_with("cuLibrary"); }

}  // namespace

std::string result_name(const driver::DriverApi& api, CUresult rc) {
  const char* name = nullptr;
  if (api.cuGetErrorName(rc, &name) == CUDA_SUCCESS && name != nullptr) return name;
  return "error " + std::to_string(static_cast<int>(rc));
}

std::string Code::error_name(CUresult rc) const { return result_name(api_, rc); }

Code::Load& Code::load(std::uint32_t id) {
  Load& load = loads_[id];
  if (load.read) return load;
  load.read = true;
  const auto plan = plan_.loads.find(id);
  if (plan == plan_.loads.end() || plan->second.api == nullptr) {
    load.problem = "it was loaded out of sight";
    return load;
  }
  if (load.image.read(capture_, plan->second, load.problem) && is_library(plan->second))
    load_library(load, plan->second);
  return load;
}

void Code::load_library(Load& load, const LoadPlan& plan) {
  auto jit = jit_options(plan.options, deviations_);
  auto library = library_options(plan.library_options);
  const CUresult rc = api_.cuLibraryLoadData(&load.library, load.image.data(), jit.options.data(),
                                             jit.values.data(), jit.count(), library.options.data(),
                                             library.values.data(), library.count());
  if (rc != CUDA_SUCCESS) load.problem = "its image can't be loaded: " + error_name(rc);
}

CUmodule Code::module_in(Load& load, std::uint32_t id, CUcontext context) {
  const auto known = load.modules.find(context);
  if (known != load.modules.end()) return known->second;
  CUmodule module = nullptr;
  auto jit = jit_options(plan_.loads.at(id).options, deviations_);
  contexts_.enter(context);
  const CUresult rc = jit.count() > 0
                          ? api_.cuModuleLoadDataEx(&module, load.image.data(), jit.count(),
                                                    jit.options.data(), jit.values.data())
                          : api_.cuModuleLoadData(&module, load.image.data());
  if (rc != CUDA_SUCCESS) load.problem = "its image can't be loaded: " + error_name(rc);
  load.modules[context] = module;
  return module;
}

void Code::find_in_library(const KernelPlan& plan, const Load& load, LoadedKernel& kernel) {
  CUkernel handle = nullptr;
  CUresult rc = api_.cuLibraryGetKernel(&handle, load.library, plan.name.c_str());
  kernel.function = reinterpret_cast<CUfunction>(handle);
  kernel.is_kernel = (plan.flags & trace::kKernelIsLibraryKernel) != 0;
  // The recording launched the function of the kernel.
  if (rc == CUDA_SUCCESS && !kernel.is_kernel)
    rc = api_.cuKernelGetFunction(&kernel.function, handle);
  if (rc != CUDA_SUCCESS) kernel.problem = "it is not in its image: " + error_name(rc);
}

LoadedKernel Code::find(std::uint32_t id, CUcontext context) {
  LoadedKernel kernel;
  const auto plan = plan_.kernels.find(id);
  if (id == 0 || plan == plan_.kernels.end()) {
    kernel.problem = "it was not identified";
    return kernel;
  }
  kernel.plan = &plan->second;
  if (plan->second.fixed.load == 0) {
    kernel.problem = "it was loaded out of sight";
    return kernel;
  }
  Load& image = load(plan->second.fixed.load);
  kernel.problem = image.problem;
  if (!kernel.problem.empty()) return kernel;
  contexts_.enter(context);
  if (image.library != nullptr) {
    find_in_library(plan->second, image, kernel);
  } else {
    const CUmodule module = module_in(image, plan->second.fixed.load, context);
    kernel.problem = image.problem;
    if (module == nullptr) return kernel;
    const CUresult rc =
        api_.cuModuleGetFunction(&kernel.function, module, plan->second.name.c_str());
    if (rc != CUDA_SUCCESS) kernel.problem = "it is not in its image: " + error_name(rc);
  }
  if (kernel.problem.empty()) apply_attributes(kernel, context);
  return kernel;
}

const LoadedKernel& Code::kernel(std::uint32_t id, CUcontext context) {
  contexts_.enter(context);
  const auto known = kernels_.find({id, context});
  if (known != kernels_.end()) return known->second;
  return kernels_.emplace(std::pair(id, context), find(id, context)).first->second;
}

void Code::apply_attributes(const LoadedKernel& kernel, CUcontext context) {
  for (const trace::KernelAttribute& attribute : kernel.plan->attributes)
    if (is_settable(attribute.attribute))
      apply_attribute(kernel, attribute.attribute, attribute.value, context);
}

bool Code::attribute_now(const LoadedKernel& kernel, int attribute, CUcontext context,
                         int& value) const {
  const auto which = static_cast<CUfunction_attribute>(attribute);
  if (!kernel.is_kernel)
    return api_.cuFuncGetAttribute(&value, which, kernel.function) == CUDA_SUCCESS;
  return api_.cuKernelGetAttribute != nullptr &&
         api_.cuKernelGetAttribute(&value, which, reinterpret_cast<CUkernel>(kernel.function),
                                   contexts_.device_of(context)) == CUDA_SUCCESS;
}

std::vector<trace::KernelAttribute> Code::attributes_now(const LoadedKernel& kernel,
                                                         CUcontext context) const {
  std::vector<trace::KernelAttribute> attributes = kernel.plan->attributes;
  for (trace::KernelAttribute& attribute : attributes)
    if (is_settable(attribute.attribute))
      (void)attribute_now(kernel, attribute.attribute, context, attribute.value);
  return attributes;
}

void Code::apply_attribute(const LoadedKernel& kernel, int attribute, int value,
                           CUcontext context) {
  const auto which = static_cast<CUfunction_attribute>(attribute);
  const auto library_kernel = reinterpret_cast<CUkernel>(kernel.function);
  const CUdevice device = contexts_.device_of(context);
  if (int now = 0; attribute_now(kernel, attribute, context, now) && now == value) return;
  const CUresult rc = kernel.is_kernel
                          ? api_.cuKernelSetAttribute(which, value, library_kernel, device)
                          : api_.cuFuncSetAttribute(kernel.function, which, value);
  if (rc != CUDA_SUCCESS)
    deviations_.add("attribute " + std::to_string(attribute) + " of " + kernel.plan->name +
                    " can't be set to " + std::to_string(value) + ": " + error_name(rc));
}

void Code::reset_attributes() {
  for (const auto& [key, kernel] : kernels_) {
    if (!kernel.problem.empty()) continue;
    contexts_.enter(key.second);
    apply_attributes(kernel, key.second);
  }
}

void Code::set_attribute(std::uint64_t handle, int attribute, int value, CUcontext context) {
  const auto id = plan_.kernel_of_handle.find(handle);
  if (id == plan_.kernel_of_handle.end() || !is_settable(attribute)) return;
  const LoadedKernel& found = kernel(id->second, context);
  if (found.problem.empty()) apply_attribute(found, attribute, value, context);
}

bool Code::global(std::uint32_t id, const std::string& name, CUcontext context,
                  CUdeviceptr& address, std::size_t& bytes, std::string& problem) {
  Load& image = load(id);
  problem = image.problem;
  if (!problem.empty()) return false;
  contexts_.enter(context);
  CUresult rc = CUDA_SUCCESS;
  if (image.library != nullptr) {
    rc = api_.cuLibraryGetGlobal(&address, &bytes, image.library, name.c_str());
  } else {
    const CUmodule module = module_in(image, id, context);
    problem = image.problem;
    if (module == nullptr) return false;
    rc = api_.cuModuleGetGlobal_v2(&address, &bytes, module, name.c_str());
  }
  if (rc != CUDA_SUCCESS) problem = "it is not in its image: " + error_name(rc);
  return rc == CUDA_SUCCESS;
}

}  // namespace fib::replayer
