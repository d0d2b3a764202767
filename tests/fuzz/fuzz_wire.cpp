// SPDX-License-Identifier: Apache-2.0
//
// What a trial's child leaves, which ran a candidate that nobody trusts: it is a result or request,
// which can be written and read again, or is refused in one line.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

#include "judge/wire.h"

namespace {

using fib::registry::Json;

template <class Read>
void check(const Json& json, Read&& read) {
  std::string written;
  try {
    written = fib::registry::to_text(to_json(read(json)));
  } catch (const std::runtime_error& error) {
    if (std::string_view(error.what()).find('\n') != std::string_view::npos) std::abort();
    return;
  }
  // What we wrote is never refused, and says the same again.
  if (fib::registry::to_text(to_json(read(Json::parse(written)))) != written) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Json json = Json::parse(data, data + size, nullptr, false);
  if (json.is_discarded()) return 0;
  check(json, fib::judge::result_of);
  check(json, fib::judge::request_of);
  return 0;
}
