// SPDX-License-Identifier: Apache-2.0
// Apart from the programs, because it needs cuda.h without its renaming macros.
#include "support/hidden.h"

#include <cstring>

#include "tests/sim_driver/export_table.h"

namespace fib::test {

void* hidden_function(const void* image, const char* name) {
  CUuuid id{};
  std::memcpy(id.bytes, fib::sim::kHiddenTableId, sizeof(id.bytes));
  const void* found = nullptr;
  if (cuGetExportTable(&found, &id) != CUDA_SUCCESS) return nullptr;
  const auto* table = static_cast<const fib::sim::HiddenTable*>(found);
  CUfunction function = nullptr;
  return table->get_function(&function, image, name) == CUDA_SUCCESS ? function : nullptr;
}

}  // namespace fib::test
