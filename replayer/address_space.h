// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "driver/driver_api.h"
#include "replayer/memory_layout.h"

/// Takes the recorded addresses before anything else can. Order: reserve_host(), then cuInit, then
/// reserve_device(), then contexts. A program's pinned memory often lies in the same 32 MiB as its
/// device memory; the driver reserves such cells only as a whole and while they are empty, so what
/// is shared is mapped into its reservation.
namespace fib::replayer {

/// Maps the host ranges outside of device cells, readable and writable, without content. Throws
/// AddressTaken.
void reserve_host(const MemoryLayout& layout);

/// Reserves the cells with the driver, those that can't be had whole up to the last byte that is
/// needed, and maps the host ranges that lie in them. Throws AddressTaken.
void reserve_device(const driver::DriverApi& api, const MemoryLayout& layout);

/// What of this process lies in a range, from /proc/self/maps; "" if nothing is seen there.
[[nodiscard]] std::string holders_of(const Range& range);

}  // namespace fib::replayer
