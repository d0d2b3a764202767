// SPDX-License-Identifier: Apache-2.0
//
// A case.json is a case or is refused in one line; what was a case can be written and read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

#include "judge/cases/case_store.h"
#include "judge/wire.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const fib::judge::Case subject = fib::judge::parse_case(text, "/case");
    const std::string written = fib::registry::to_text(fib::judge::to_json(subject));
    if (fib::judge::parse_case(written, "/case").id != subject.id) std::abort();
  } catch (const std::runtime_error& error) {
    if (std::string_view(error.what()).find('\n') != std::string_view::npos) std::abort();
  }
  return 0;
}
