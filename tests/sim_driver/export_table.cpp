// SPDX-License-Identifier: Apache-2.0
// cuGetExportTable: one private table, whose function handles no visible look-up ever returned.
// cuFFT gets its kernels this way.
#include "tests/sim_driver/export_table.h"

#include <cstring>

#include "tests/sim_driver/driver.h"

namespace fib::sim {
namespace {

/// Loads an image and finds a kernel in it, unseen by anyone who watches the exported entry points.
CUresult CUDAAPI hidden_function(CUfunction* out, const void* image, const char* name) {
  return call(Api::cuGetExportTable, false, [&](Call& c) {
    require(out && image && name);
    const ContextPtr context = c.context();
    const Bytes elf = elf_of(image);
    ImagePtr loaded;
    c.unlocked([&] { loaded = std::make_shared<const LoadedImage>(elf); });
    const ModulePtr module = add_module(c.driver, context->handle, std::move(loaded), nullptr);
    *out = function_in(c.driver, *module, name);
  });
}

constexpr HiddenTable kTable{sizeof(HiddenTable), &hidden_function};

}  // namespace

extern "C" CUresult CUDAAPI cuGetExportTable(const void** table, const CUuuid* id) {
  return call(
      Api::cuGetExportTable, false,
      [&](Call&) {
        require(table && id);
        *table = nullptr;
        require(std::memcmp(id->bytes, kHiddenTableId, sizeof id->bytes) == 0,
                CUDA_ERROR_NOT_FOUND);
        *table = &kTable;
      },
      Needs::nothing);
}

}  // namespace fib::sim
