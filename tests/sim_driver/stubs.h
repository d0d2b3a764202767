// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace fib::sim {

/// What an entry point that is not simulated returns: NOT_SUPPORTED, unless not even admitted.
/// `api` is an Api as a number.
int not_supported(unsigned api) noexcept;

}  // namespace fib::sim
