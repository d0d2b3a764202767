// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <utility>

#include "recorder/live.h"

/// For live*.cpp only.
namespace fib::recorder {

template <class Change>
void Live::update(Change&& change) noexcept try {
  const std::lock_guard lock(mutex_);
  change();
} catch (...) {
  session_.deviation(trace::Deviation::DefinitionDropped,
                     "no memory to keep track of allocations: windows may miss some");
}

}  // namespace fib::recorder
