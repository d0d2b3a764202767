// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "dispatch/shadow/context_scratch.h"
#include "dispatch/shadow/mismatch.h"

namespace fib::dispatch {

/// Copies what is known of a slot that is Mismatched to the host and waits for it: for cold paths.
/// The context must be current, and calls that a capture forbids allowed. Null if the memory can't
/// be had or the driver fails.
[[nodiscard]] std::unique_ptr<Mismatch> extract_mismatch(const driver::DriverApi& api,
                                                         const ContextScratch& scratch,
                                                         const ShadowSlot& slot) noexcept;

}  // namespace fib::dispatch
