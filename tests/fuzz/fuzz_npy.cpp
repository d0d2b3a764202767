// SPDX-License-Identifier: Apache-2.0
// Entry point as libFuzzer wants it: an .npy file, whose elements are all read if it is accepted.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "cli/array_file.h"
#include "cli/exit_codes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fib::cli;
  try {
    const NamedArray array =
        parse_npy(std::string(reinterpret_cast<const char*>(data), size), "input");
    const std::uint64_t count = array.elements();
    if (count > size || (count != 0 && array.bytes.size() % count != 0)) std::abort();
    double sum = 0;
    for (std::uint64_t i = 0; i < count; ++i) sum += array.value(i);
    if (sum > 0 && count == 0) std::abort();
  } catch (const CliError&) {
    // Refused, with a reason.
  }
  return 0;
}
