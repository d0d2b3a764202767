// SPDX-License-Identifier: Apache-2.0
#include "dispatch/candidate_loader.h"

#include <cstdio>
#include <vector>

#include "dispatch/prepared_launch.h"
#include "driver/scopes.h"
#include "recorder/rt_log.h"

namespace fib::dispatch {
namespace {

using match::LaunchProgram;

const char* error_name(const driver::DriverApi& api, CUresult error) noexcept {
  const char* name = nullptr;
  return api.cuGetErrorName(error, &name) == CUDA_SUCCESS && name != nullptr ? name : "an error";
}

/// Why a candidate asks for more than a launch has room for; empty: it does not.
std::string too_large(const LaunchProgram& launch) {
  std::size_t bytes = 0, arguments = 0;
  for (const LaunchProgram::Kernel& kernel : launch.kernels) {
    bytes += (kernel.argument_bytes + 15) / 16 * 16;
    arguments += kernel.argument_count;
  }
  if (launch.kernels.size() > kMaxKernels)
    return "it has more than " + std::to_string(kMaxKernels) + " kernels";
  if (bytes > kMaxPreparedBytes || arguments > kMaxPreparedArguments)
    return "its kernels take more than " + std::to_string(kMaxPreparedBytes) + " bytes or " +
           std::to_string(kMaxPreparedArguments) + " arguments";
  return {};
}

/// The image for a kind of GPU, null if there is none; one for just this architecture first.
const CandidateImage* image_for(const CandidateCode& code, const std::string& module,
                                std::uint32_t arch) {
  const CandidateImage* any = nullptr;
  for (const CandidateImage& image : code.images) {
    if (image.module != module) continue;
    if (image.arch == arch) return &image;
    if (image.arch == 0) any = &image;
  }
  return any;
}

struct FunctionAttribute {
  CUfunction_attribute attribute;
  int value;
};

std::vector<FunctionAttribute> function_attributes(const match::LaunchAttributes& from) {
  std::vector<FunctionAttribute> list;
  if (from.max_dynamic_shared)
    list.push_back({CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
                    static_cast<int>(*from.max_dynamic_shared)});
  if (from.shared_carveout)
    list.push_back({CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT,
                    static_cast<int>(*from.shared_carveout)});
  if (from.non_portable_cluster)
    list.push_back({CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED, 1});
  return list;
}

}  // namespace

CUresult CandidateLoader::library_of(const std::string& bytes, CUlibrary& library) {
  const auto known = libraries_.find(bytes);
  if (known != libraries_.end()) {
    library = known->second;
    return CUDA_SUCCESS;
  }
  const CUresult rc =
      api_.cuLibraryLoadData(&library, bytes.c_str(), nullptr, nullptr, 0, nullptr, nullptr, 0);
  if (rc == CUDA_SUCCESS) libraries_.emplace(bytes, library);
  return rc;
}

std::string CandidateLoader::set_attributes(CUkernel kernel, std::size_t gpu,
                                            const match::LaunchAttributes& attributes) {
  for (const auto& [attribute, value] : function_attributes(attributes)) {
    for (std::size_t device = 0; device < contexts_.device_count(); ++device) {
      const auto ordinal = static_cast<CUdevice>(device);
      if (contexts_.gpu_of(ordinal) != gpu) continue;
      const CUresult rc = api_.cuKernelSetAttribute(attribute, value, kernel, ordinal);
      if (rc != CUDA_SUCCESS)
        return "the driver does not set function attribute " + std::to_string(attribute) + " to " +
               std::to_string(value) + " (" + error_name(api_, rc) + ")";
    }
  }
  return {};
}

std::string CandidateLoader::load_kernel(Generation& generation, std::int32_t candidate,
                                         std::size_t kernel, std::size_t gpu) {
  const std::size_t index = Generation::index(candidate);
  const LaunchProgram::Kernel& program =
      generation.table().candidate(candidate).launch.kernels[kernel];
  const Gpu& kind = generation.gpu(gpu);
  const CandidateImage* const image =
      image_for(generation.deployment().candidates[index], program.module, kind.arch);
  if (image == nullptr)
    return "there is no code of '" + program.module + "' for architecture " +
           std::to_string(kind.arch) + "; run fib registry build";
  CUlibrary library = nullptr;
  CUkernel handle = nullptr;
  CUresult rc = library_of(image->bytes, library);
  if (rc != CUDA_SUCCESS)
    return std::string("the driver does not load its code (") + error_name(api_, rc) + ")";
  rc = api_.cuLibraryGetKernel(&handle, library, program.entry.c_str());
  if (rc != CUDA_SUCCESS)
    return "its code has no kernel '" + program.entry + "' (" + error_name(api_, rc) + ")";
  generation.functions_[generation.first_[index] + kernel * generation.gpus() + gpu] =
      reinterpret_cast<CUfunction>(handle);
  return set_attributes(handle, gpu, program.attributes);
}

std::string CandidateLoader::load_candidate(Generation& generation, std::int32_t candidate) {
  const CandidateCode& code = generation.deployment().candidates[Generation::index(candidate)];
  if (!code.unusable.empty()) return code.unusable;
  if (api_.cuLibraryLoadData == nullptr || api_.cuLaunchKernelEx == nullptr)
    return "the driver is older than CUDA 12";
  const LaunchProgram& launch = generation.table().candidate(candidate).launch;
  if (std::string why = too_large(launch); !why.empty()) return why;
  std::string why;
  bool any = false;
  for (std::size_t gpu = 0; gpu < generation.gpus(); ++gpu) {
    std::string wrong;
    for (std::size_t kernel = 0; kernel < launch.kernels.size() && wrong.empty(); ++kernel)
      wrong = load_kernel(generation, candidate, kernel, gpu);
    if (wrong.empty()) {
      any = true;
      continue;
    }
    // The first kernel's handle says whether this kind of GPU has the candidate.
    generation.functions_[generation.first_[Generation::index(candidate)] + gpu] = nullptr;
    why = wrong;
  }
  return any ? std::string() : why;
}

void CandidateLoader::refuse(Generation& generation, std::int32_t candidate,
                             const char* why) noexcept {
  generation.readiness_[Generation::index(candidate)].store(Readiness::NotLoaded);
  trace::CandidateCounters& counters = generation.counters(candidate);
  if (counters_.set_state(counters, trace::CandidateState::NotLoaded, why))
    recorder::say("candidate %.200s can't be used: %.600s",
                  generation.table().candidate(candidate).name.c_str(), why);
}

void CandidateLoader::load(Generation& generation) noexcept {
  const std::lock_guard lock(mutex_);
  const driver::RelaxedCapture relaxed(api_);
  for (std::size_t i = 0; i < generation.table().candidates(); ++i) {
    const auto candidate = static_cast<std::int32_t>(i);
    generation.counters_[i] = counters_.candidate(generation.table().candidate(candidate).name);
    if (const CandidateCode& code = generation.deployment().candidates[i]; !code.is_needed) {
      counters_.set_state(generation.counters(candidate), trace::CandidateState::NotLoaded,
                          code.unusable.c_str());
      continue;
    }
    try {
      if (const std::string why = load_candidate(generation, candidate); !why.empty()) {
        refuse(generation, candidate, why.c_str());
        continue;
      }
    } catch (...) {
      refuse(generation, candidate, "out of memory");
      continue;
    }
    generation.readiness_[i].store(Readiness::Ready, std::memory_order_release);
    counters_.set_state(generation.counters(candidate), trace::CandidateState::Ready, "");
  }
}

void CandidateLoader::load_into(CUcontext context, Generation& generation) noexcept {
  const std::lock_guard lock(mutex_);
  const driver::RelaxedCapture relaxed(api_);
  const driver::CurrentContext current(api_, context);
  if (current.result() != CUDA_SUCCESS) return;
  CUdevice device = 0;
  if (api_.cuCtxGetDevice(&device) != CUDA_SUCCESS) return;
  const std::size_t gpu = contexts_.gpu_of(device);
  if (gpu == Contexts::kNoGpu) return;
  for (std::size_t i = 0; i < generation.table().candidates(); ++i)
    force(generation, static_cast<std::int32_t>(i), gpu);
}

void CandidateLoader::force(Generation& generation, std::int32_t candidate,
                            std::size_t gpu) noexcept {
  if (generation.readiness(candidate) != Readiness::Ready) return;
  if (generation.function(candidate, 0, gpu) == nullptr) return;
  const auto& kernels = generation.table().candidate(candidate).launch.kernels;
  for (std::size_t i = 0; i < kernels.size(); ++i) {
    const auto handle = reinterpret_cast<CUkernel>(generation.function(candidate, i, gpu));
    CUfunction function = nullptr;
    CUresult rc = api_.cuKernelGetFunction(&function, handle);
    if (rc == CUDA_SUCCESS && api_.cuFuncLoad != nullptr) rc = api_.cuFuncLoad(function);
    if (rc == CUDA_SUCCESS) continue;
    char why[200];
    std::snprintf(why, sizeof why, "a context does not take its code (%s)", error_name(api_, rc));
    return refuse(generation, candidate, why);
  }
}

}  // namespace fib::dispatch
