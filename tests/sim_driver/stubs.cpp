// SPDX-License-Identifier: Apache-2.0
// Every listed symbol, weakly: what the simulator implements overrides it. cuda.h is not included,
// as the prototypes do not matter. The build forbids folding: each entry point has an address of
// its own.
#include "tests/sim_driver/stubs.h"

namespace fib::sim {
namespace {
enum class Row : unsigned {
#define FIB_HOOK(symbol, args) symbol,
#define FIB_CALL(symbol, args) symbol,
#define FIB_USE(symbol) symbol,
#define FIB_PASS(symbol, why) symbol,
#include "driver/driver_api.def"
};
}  // namespace
}  // namespace fib::sim

#define FIBSIM_STUB(symbol)                                                       \
  extern "C" __attribute__((weak)) int symbol() {                                 \
    return fib::sim::not_supported(static_cast<unsigned>(fib::sim::Row::symbol)); \
  }
#define FIB_HOOK(symbol, args) FIBSIM_STUB(symbol)
#define FIB_CALL(symbol, args) FIBSIM_STUB(symbol)
#define FIB_USE(symbol) FIBSIM_STUB(symbol)
#define FIB_PASS(symbol, why) FIBSIM_STUB(symbol)
#include "driver/driver_api.def"
