// SPDX-License-Identifier: Apache-2.0
//
// Code: loads, unloads, and the handles that name kernels.
#include "shim/hooks/hooks.h"

namespace fib::shim {
namespace {

using recorder::LoadCall;
using trace::LoadOption;

constexpr unsigned kMaxOptions = 64;

/// Options as the driver takes them: parallel arrays of ids and of void* values.
template <class Option>
struct OptionList {
  OptionList(unsigned wanted, const Option* options, void* const* values) noexcept {
    for (; options != nullptr && values != nullptr && count < wanted && count < kMaxOptions;
         ++count)
      list[count] = {static_cast<std::uint32_t>(options[count]), 0,
                     reinterpret_cast<std::uintptr_t>(values[count])};
  }
  [[nodiscard]] std::span<const LoadOption> span() const noexcept { return {list, count}; }

  unsigned count = 0;
  LoadOption list[kMaxOptions];
};

template <Api A, class... Args>
CUresult load_module(CUmodule* module, LoadCall call, Args... args) noexcept {
  return observe<A>(
      [&](Recorder& recorder, CUresult result, std::uint64_t) noexcept {
        if (result != CUDA_SUCCESS || module == nullptr) return;
        call.api = A;
        call.handle = *module;
        recorder.loads.loaded(call);
      },
      module, args...);
}

template <Api A, class Source>
CUresult load_library(CUlibrary* library, LoadCall call, Source source, CUjit_option* jit,
                      void** jit_values, unsigned jit_count, CUlibraryOption* options,
                      void** values, unsigned count) noexcept {
  return observe<A>(
      [&](Recorder& recorder, CUresult result, std::uint64_t) noexcept {
        if (result != CUDA_SUCCESS || library == nullptr) return;
        const OptionList jit_list(jit_count, jit, jit_values);
        const OptionList library_list(count, options, values);
        call.api = A;
        call.handle = *library;
        call.is_library = true;
        call.options = jit_list.span();
        call.library_options = library_list.span();
        recorder.loads.loaded(call);
      },
      library, source, jit, jit_values, jit_count, options, values, count);
}

/// Before, because the handle may be reused as soon as the driver has freed it.
template <Api A, class Handle>
CUresult unload(Handle handle) noexcept {
  return around<A>(
      [&](Recorder& recorder) noexcept {
        recorder.kernels.end_epoch();
        recorder.loads.unloading(handle);
      },
      [&](Recorder& recorder, CUresult result, std::uint64_t begin) noexcept {
        recorder.calls.call<A>(result, begin, handle);
      },
      handle);
}

LoadCall from_memory(const void* image) noexcept {
  LoadCall call{};
  call.image = image;
  return call;
}

LoadCall from_file(const char* path) noexcept {
  LoadCall call{};
  call.path = path;
  return call;
}

}  // namespace

CUresult hook_cuModuleLoad(CUmodule* module, const char* path) {
  return load_module<Api::cuModuleLoad>(module, from_file(path), path);
}

CUresult hook_cuModuleLoadData(CUmodule* module, const void* image) {
  return load_module<Api::cuModuleLoadData>(module, from_memory(image), image);
}

CUresult hook_cuModuleLoadDataEx(CUmodule* module, const void* image, unsigned count,
                                 CUjit_option* options, void** values) {
  // Copied before the call: some options are written back into `values`.
  const OptionList list(count, options, values);
  LoadCall call = from_memory(image);
  call.options = list.span();
  return load_module<Api::cuModuleLoadDataEx>(module, call, image, count, options, values);
}

CUresult hook_cuModuleLoadFatBinary(CUmodule* module, const void* fatbin) {
  return load_module<Api::cuModuleLoadFatBinary>(module, from_memory(fatbin), fatbin);
}

CUresult hook_cuLibraryLoadData(CUlibrary* library, const void* code, CUjit_option* jit,
                                void** jit_values, unsigned jit_count, CUlibraryOption* options,
                                void** values, unsigned count) {
  return load_library<Api::cuLibraryLoadData>(library, from_memory(code), code, jit, jit_values,
                                              jit_count, options, values, count);
}

CUresult hook_cuLibraryLoadFromFile(CUlibrary* library, const char* path, CUjit_option* jit,
                                    void** jit_values, unsigned jit_count, CUlibraryOption* options,
                                    void** values, unsigned count) {
  return load_library<Api::cuLibraryLoadFromFile>(library, from_file(path), path, jit, jit_values,
                                                  jit_count, options, values, count);
}

CUresult hook_cuModuleUnload(CUmodule module) { return unload<Api::cuModuleUnload>(module); }

CUresult hook_cuLibraryUnload(CUlibrary library) { return unload<Api::cuLibraryUnload>(library); }

CUresult hook_cuModuleGetFunction(CUfunction* function, CUmodule module, const char* name) {
  return observe_call<Api::cuModuleGetFunction>(
      [&](Recorder& recorder) noexcept { recorder.kernels.named(*function, name, module); },
      function, module, name);
}

CUresult hook_cuLibraryGetKernel(CUkernel* kernel, CUlibrary library, const char* name) {
  return observe_call<Api::cuLibraryGetKernel>(
      [&](Recorder& recorder) noexcept { recorder.kernels.named(*kernel, name, library); }, kernel,
      library, name);
}

CUresult hook_cuKernelGetFunction(CUfunction* function, CUkernel kernel) {
  return observe_call<Api::cuKernelGetFunction>(
      [&](Recorder& recorder) noexcept { recorder.kernels.function_of(*function, kernel); },
      function, kernel);
}

CUresult hook_cuLibraryGetModule(CUmodule* module, CUlibrary library) {
  return observe_call<Api::cuLibraryGetModule>(
      [&](Recorder& recorder) noexcept { recorder.loads.alias(*module, library); }, module,
      library);
}

}  // namespace fib::shim
