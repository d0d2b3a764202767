// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "driver/driver_api.h"
#include "recorder/capture_dir.h"
#include "recorder/definitions.h"
#include "recorder/options.h"

/// What a log says about its process, written when the session starts.
namespace fib::recorder {

/// The Process record: what ran, where, under which shim and with which settings.
[[nodiscard]] bool describe_process(Definitions& to, const driver::DriverApi& api,
                                    const Options& options, const Rank& rank) noexcept;
/// One Device record per GPU that the driver shows.
[[nodiscard]] bool describe_devices(Definitions& to, const driver::DriverApi& api) noexcept;
/// Name and argument words of every entry point that a record can name.
[[nodiscard]] bool describe_api(Definitions& to) noexcept;
/// The context, if it is the first time that it is met, with its limits.
[[nodiscard]] bool describe_context(Definitions& to, const driver::DriverApi& api,
                                    CUcontext context) noexcept;

}  // namespace fib::recorder
