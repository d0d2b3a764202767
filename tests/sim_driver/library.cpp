// SPDX-License-Identifier: Apache-2.0
#include "tests/sim_driver/driver.h"

namespace fib::sim {
namespace {

void load(Call& c, CUlibrary* out, Bytes elf) {
  auto library = std::make_shared<Library>();
  library->names = kernel_names(elf);
  library->elf = std::make_shared<const Bytes>(std::move(elf));
  library->handle = c.driver.libraries.insert(library);
  *out = library->handle;
  if (loads_eagerly()) module_of_library(c, library);
}

CUkernel kernel_in(Driver& driver, Library& library, const std::string& name) {
  if (const auto known = library.kernels.find(name); known != library.kernels.end())
    return known->second;
  auto kernel = std::make_shared<Kernel>();
  kernel->library = library.handle;
  kernel->name = name;
  kernel->handle = driver.kernels.insert(kernel);
  library.kernels.emplace(name, kernel->handle);
  return kernel->handle;
}

bool has_kernel(const Library& library, const std::string& name) {
  for (const std::string& known : library.names)
    if (known == name) return true;
  return false;
}

std::vector<ModulePtr> take_apart(Driver& driver, const LibraryPtr& library) {
  std::vector<ModulePtr> modules;
  for (const auto& [context, handle] : library->modules)
    if (ModulePtr module = driver.modules.find(handle)) {
      remove_module(driver, module);
      modules.push_back(std::move(module));
    }
  for (const auto& [name, handle] : library->kernels) driver.kernels.erase(handle);
  driver.libraries.erase(library->handle);
  return modules;
}

const FibsimGlobal& global_of_library(Call& c, CUlibrary handle, const char* name) {
  const ModulePtr module = module_of_library(c, find_library(c.driver, handle));
  require(name != nullptr);
  const FibsimGlobal* global = module->image->find_global(name);
  require(global != nullptr, CUDA_ERROR_NOT_FOUND);
  return *global;
}

}  // namespace

LibraryPtr find_library(const Driver& driver, CUlibrary handle) {
  LibraryPtr library = driver.libraries.find(handle);
  require(library != nullptr, CUDA_ERROR_INVALID_HANDLE);
  return library;
}

ImagePtr image_of_library(Call& c, const LibraryPtr& library) {
  if (library->any_image) return library->any_image;
  ImagePtr image;
  c.unlocked([&] { image = std::make_shared<const LoadedImage>(*library->elf); });
  if (!library->any_image) library->any_image = image;
  return library->any_image;
}

ModulePtr module_of_library(Call& c, const LibraryPtr& library) {
  const ContextPtr context = c.context();
  const auto known = [&] {
    const auto it = library->modules.find(context->handle);
    return it == library->modules.end() ? nullptr : c.driver.modules.find(it->second);
  };
  if (ModulePtr module = known()) return module;
  // The first context takes the image that queries may have loaded; every other one gets its own.
  ImagePtr image;
  if (library->modules.empty()) {
    image = image_of_library(c, library);
  } else {
    c.unlocked([&] { image = std::make_shared<const LoadedImage>(*library->elf); });
  }
  if (ModulePtr module = known()) return module;  // another thread was faster
  require(c.driver.libraries.find(library->handle) == library, CUDA_ERROR_INVALID_HANDLE);
  ModulePtr module = add_module(c.driver, context->handle, std::move(image), library->handle);
  library->modules[context->handle] = module->handle;
  return module;
}

SIM_API(cuLibraryLoadData,
        (CUlibrary * out, const void* code, CUjit_option*, void**, unsigned, CUlibraryOption*,
         void**, unsigned),
        require(out != nullptr);
        load(c, out, elf_of(code)))

SIM_API(cuLibraryLoadFromFile,
        (CUlibrary * out, const char* path, CUjit_option*, void**, unsigned, CUlibraryOption*,
         void**, unsigned),
        {
          require(out && path);
          Bytes file = read_file(path);
          require(file.size() > 64, CUDA_ERROR_INVALID_IMAGE);
          load(c, out, elf_of(file.data()));
        })

SIM_API(cuLibraryUnload, (CUlibrary handle), {
  LibraryPtr library = find_library(c.driver, handle);
  guard_unsafe_call(c);
  std::vector<ModulePtr> modules = take_apart(c.driver, library);
  c.unlocked([&] {  // may unmap the image
    modules.clear();
    library.reset();
  });
})

SIM_API(cuLibraryGetKernel, (CUkernel * out, CUlibrary handle, const char* name), {
  const LibraryPtr library = find_library(c.driver, handle);
  require(out && name);
  require(has_kernel(*library, name), CUDA_ERROR_NOT_FOUND);
  *out = kernel_in(c.driver, *library, name);
})

SIM_API(cuLibraryGetKernelCount, (unsigned* count, CUlibrary handle),
        store(count, find_library(c.driver, handle)->names.size()))

SIM_API(cuLibraryEnumerateKernels, (CUkernel * out, unsigned count, CUlibrary handle), {
  const LibraryPtr library = find_library(c.driver, handle);
  require(out && count > 0);
  unsigned i = 0;
  for (const std::string& name : library->names)
    if (i < count) out[i++] = kernel_in(c.driver, *library, name);
})

SIM_API(cuLibraryGetModule, (CUmodule * out, CUlibrary handle), require(out != nullptr);
        *out = module_of_library(c, find_library(c.driver, handle))->handle)

SIM_API(cuLibraryGetGlobal,
        (CUdeviceptr * address, size_t* bytes, CUlibrary handle, const char* name), {
          const FibsimGlobal& global = global_of_library(c, handle, name);
          store_if(address, reinterpret_cast<CUdeviceptr>(global.address));
          store_if(bytes, global.size);
        })

}  // namespace fib::sim
