// SPDX-License-Identifier: Apache-2.0
#include "replayer/load_options.h"

namespace fib::replayer {
namespace {

enum class Meaning { Number, Buffer, Symbols };

Meaning meaning_of(unsigned option) {
  switch (option) {
    case CU_JIT_WALL_TIME:
    case CU_JIT_INFO_LOG_BUFFER:
    case CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES:
    case CU_JIT_ERROR_LOG_BUFFER:
    case CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES: return Meaning::Buffer;
    case CU_JIT_GLOBAL_SYMBOL_NAMES:
    case CU_JIT_GLOBAL_SYMBOL_ADDRESSES:
    case CU_JIT_GLOBAL_SYMBOL_COUNT:
    case CU_JIT_REFERENCED_KERNEL_NAMES:
    case CU_JIT_REFERENCED_KERNEL_COUNT:
    case CU_JIT_REFERENCED_VARIABLE_NAMES:
    case CU_JIT_REFERENCED_VARIABLE_COUNT: return Meaning::Symbols;
    default: return Meaning::Number;
  }
}

void* as_value(std::uint64_t value) { return reinterpret_cast<void*>(value); }

}  // namespace

LoadOptions<CUjit_option> jit_options(std::span<const trace::LoadOption> recorded,
                                      Deviations& deviations) {
  LoadOptions<CUjit_option> result;
  for (const trace::LoadOption& option : recorded) {
    const Meaning meaning = meaning_of(option.option);
    if (meaning == Meaning::Symbols)
      deviations.add("an image was loaded with JIT option " + std::to_string(option.option) +
                     ", a list of symbols that is not recorded");
    if (meaning != Meaning::Number) continue;
    result.options.push_back(static_cast<CUjit_option>(option.option));
    result.values.push_back(as_value(option.value));
  }
  return result;
}

LoadOptions<CUlibraryOption> library_options(std::span<const trace::LoadOption> recorded) {
  LoadOptions<CUlibraryOption> result;
  for (const trace::LoadOption& option : recorded) {
    // The other one is a table of the recorded process' functions on the CPU.
    if (option.option != CU_LIBRARY_BINARY_IS_PRESERVED) continue;
    result.options.push_back(CU_LIBRARY_BINARY_IS_PRESERVED);
    result.values.push_back(as_value(option.value));
  }
  return result;
}

}  // namespace fib::replayer
