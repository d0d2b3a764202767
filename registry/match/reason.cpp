// SPDX-License-Identifier: Apache-2.0
#include "registry/match/reason.h"

namespace fib::match {
namespace {

struct Texts {
  const char* name;
  const char* text;
};
constexpr Texts kTexts[] = {
#define FIB_REASON(name, text) {#name, text},
#include "registry/match/reason.def"
#undef FIB_REASON
};

}  // namespace

const char* to_string(Reason reason) noexcept {
  return kTexts[static_cast<std::size_t>(reason)].name;
}
const char* describe(Reason reason) noexcept {
  return kTexts[static_cast<std::size_t>(reason)].text;
}

}  // namespace fib::match
