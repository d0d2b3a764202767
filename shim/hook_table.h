// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "driver/driver_api.h"

namespace fib::shim {

/// All exported driver symbols jump straight to `api` from now on (lookups excepted).
void target_driver(const driver::DriverApi& api) noexcept;
/// ... and to our hooks, as at start.
void target_hooks() noexcept;

}  // namespace fib::shim
