// SPDX-License-Identifier: Apache-2.0
#include "tests/sim_driver/module.h"

#include "tests/sim_driver/config.h"
#include "tests/sim_driver/driver.h"

namespace fib::sim {
namespace {

void add_globals(Driver& driver, const Module& module) {
  const ContextPtr context = driver.contexts.find(module.context);
  for (const FibsimGlobal* g = module.image->module().globals; g; g = g->next) {
    Allocation range;
    range.base = reinterpret_cast<uintptr_t>(g->address);
    range.size = g->size;
    range.kind = MemoryKind::global;
    range.context = module.context;
    range.device = context->device;
    driver.memory.add(range);
  }
}

void load(Call& c, CUmodule* out, const Bytes& elf) {
  const ContextPtr context = c.context();
  ImagePtr image;
  // Without the driver lock: the dynamic linker has a lock of its own, and constructors that call
  // us.
  c.unlocked([&] { image = std::make_shared<const LoadedImage>(elf); });
  *out = add_module(c.driver, context->handle, std::move(image), nullptr)->handle;
}

}  // namespace

bool loads_eagerly() { return config().eager_loading; }

ModulePtr find_module(const Driver& driver, CUmodule handle) {
  ModulePtr module = driver.modules.find(handle);
  require(module != nullptr, CUDA_ERROR_INVALID_HANDLE);
  return module;
}

ModulePtr add_module(Driver& driver, CUcontext context, ImagePtr image, CUlibrary library) {
  require(driver.contexts.find(context) != nullptr, CUDA_ERROR_CONTEXT_IS_DESTROYED);
  auto module = std::make_shared<Module>();
  module->context = context;
  module->library = library;
  module->image = std::move(image);
  module->handle = driver.modules.insert(module);
  add_globals(driver, *module);
  return module;
}

void remove_module(Driver& driver, const ModulePtr& module) {
  for (const FibsimGlobal* g = module->image->module().globals; g; g = g->next)
    driver.memory.remove(reinterpret_cast<uintptr_t>(g->address));
  for (const auto& [name, handle] : module->functions) driver.functions.erase(handle);
  driver.modules.erase(module->handle);
}

CUfunction function_in(Driver& driver, Module& module, const std::string& name) {
  if (const auto known = module.functions.find(name); known != module.functions.end())
    return known->second;
  const LoadedKernel* kernel = module.image->find_kernel(name);
  require(kernel != nullptr, CUDA_ERROR_NOT_FOUND);
  auto function = std::make_shared<Function>();
  function->module = module.handle;
  function->context = module.context;
  function->image = module.image;
  function->kernel = kernel;
  function->handle = driver.functions.insert(function);
  module.functions.emplace(name, function->handle);
  return function->handle;
}

SIM_API(cuModuleLoadData, (CUmodule * out, const void* image), require(out != nullptr);
        load(c, out, elf_of(image)))

SIM_API(cuModuleLoadDataEx,
        (CUmodule * out, const void* image, unsigned count, CUjit_option* options, void** values),
        require(out != nullptr && (count == 0 || (options && values)));
        load(c, out, elf_of(image)))

SIM_API(cuModuleLoadFatBinary, (CUmodule * out, const void* image), require(out != nullptr);
        load(c, out, elf_of(image)))

SIM_API(cuModuleLoad, (CUmodule * out, const char* path), {
  require(out && path);
  Bytes file = read_file(path);
  file.push_back(std::byte{0});  // a text ends like one in memory
  require(file.size() > 64, CUDA_ERROR_INVALID_IMAGE);
  load(c, out, elf_of(file.data()));
})

SIM_API(cuModuleUnload, (CUmodule handle), {
  ModulePtr module = find_module(c.driver, handle);
  require(module->library == nullptr, CUDA_ERROR_NOT_PERMITTED);
  guard_unsafe_call(c);
  remove_module(c.driver, module);
  c.unlocked([&] { module.reset(); });  // may unmap the image
})

SIM_API(cuModuleGetFunction, (CUfunction * out, CUmodule handle, const char* name),
        require(out&& name);
        *out = function_in(c.driver, *find_module(c.driver, handle), name))

SIM_API(cuModuleGetFunctionCount, (unsigned* count, CUmodule handle),
        store(count, find_module(c.driver, handle)->image->kernels().size()))

SIM_API(cuModuleEnumerateFunctions, (CUfunction * out, unsigned count, CUmodule handle), {
  const ModulePtr module = find_module(c.driver, handle);
  require(out && count > 0);
  unsigned i = 0;
  for (const LoadedKernel& kernel : module->image->kernels())
    if (i < count) out[i++] = function_in(c.driver, *module, kernel.name);
})

SIM_API(cuModuleGetGlobal_v2,
        (CUdeviceptr * address, size_t* bytes, CUmodule handle, const char* name), {
          const ModulePtr module = find_module(c.driver, handle);
          require(name != nullptr);
          const FibsimGlobal* global = module->image->find_global(name);
          require(global != nullptr, CUDA_ERROR_NOT_FOUND);
          store_if(address, reinterpret_cast<CUdeviceptr>(global->address));
          store_if(bytes, global->size);
        })

SIM_API(cuModuleGetLoadingMode, (CUmoduleLoadingMode * mode),
        store(mode, loads_eagerly() ? CU_MODULE_EAGER_LOADING : CU_MODULE_LAZY_LOADING))

}  // namespace fib::sim
