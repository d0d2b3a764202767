// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim_driver/api.h"
#include "tests/sim_driver/image.h"

namespace fib::sim {

using ImagePtr = std::shared_ptr<const LoadedImage>;

/// Attributes that cuFuncSetAttribute and cuKernelSetAttribute may change.
struct FunctionState {
  std::array<int, CU_FUNC_ATTRIBUTE_MAX> settable{};
  bool is_set[CU_FUNC_ATTRIBUTE_MAX] = {};
};

/// What a CUfunction names: a kernel in a context.
struct Function {
  CUfunction handle = nullptr;
  CUmodule module = nullptr;
  CUcontext context = nullptr;
  ImagePtr image;
  const LoadedKernel* kernel = nullptr;  // inside `image`
  FunctionState state;
  // Legacy launch interface: cuFuncSetBlockShape, cuFuncSetSharedSize, cuParamSet*.
  std::array<unsigned, 3> block_shape{0, 0, 0};
  unsigned shared_size = 0;
  std::vector<std::byte> legacy_params;
};
using FunctionPtr = std::shared_ptr<Function>;

struct Module {
  CUmodule handle = nullptr;
  CUcontext context = nullptr;
  CUlibrary library = nullptr;  // null for modules that the application loaded itself
  ImagePtr image;
  std::map<std::string, CUfunction> functions;
};
using ModulePtr = std::shared_ptr<Module>;

/// What a CUkernel names: a kernel in no particular context.
struct Kernel {
  CUkernel handle = nullptr;
  CUlibrary library = nullptr;
  std::string name;
  std::map<int, FunctionState> state;  // by device
};
using KernelPtr = std::shared_ptr<Kernel>;

/// A library is loaded into a context (as a module) only when something there first needs it.
struct Library {
  CUlibrary handle = nullptr;
  std::shared_ptr<const Bytes> elf;
  std::vector<std::string> names;
  std::map<std::string, CUkernel> kernels;
  std::map<CUcontext, CUmodule> modules;
  ImagePtr any_image;  // for the queries that need no context
};
using LibraryPtr = std::shared_ptr<Library>;

/// CUDA_MODULE_LOADING=EAGER: libraries are loaded at once.
bool loads_eagerly();

ModulePtr find_module(const Driver& driver, CUmodule handle);
LibraryPtr find_library(const Driver& driver, CUlibrary handle);
FunctionPtr find_function(const Driver& driver, CUfunction handle);
KernelPtr find_kernel(const Driver& driver, CUkernel handle);

/// Enters a loaded image into a context. The driver lock is held; the image was loaded without it.
ModulePtr add_module(Driver& driver, CUcontext context, ImagePtr image, CUlibrary library);
void remove_module(Driver& driver, const ModulePtr& module);
CUfunction function_in(Driver& driver, Module& module, const std::string& name);

/// The module of a library in the current context, loaded now if need be.
ModulePtr module_of_library(Call& c, const LibraryPtr& library);
/// An image of the library, for queries that need no context.
ImagePtr image_of_library(Call& c, const LibraryPtr& library);
const LoadedKernel& loaded_kernel(Call& c, const Kernel& kernel, ImagePtr& image);
/// The function that a CUkernel stands for in the current context.
FunctionPtr function_of_kernel(Call& c, const KernelPtr& kernel);
/// A CUfunction, or a CUkernel cast to one, as launches accept it.
FunctionPtr function_to_launch(Call& c, CUfunction handle);

int function_attribute(const LoadedKernel& kernel, const FunctionState& state,
                       CUfunction_attribute which);
void set_function_attribute(const LoadedKernel& kernel, FunctionState& state,
                            CUfunction_attribute which, int value);

}  // namespace fib::sim
