// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "trace/control.h"
#include "trace/counters.h"

namespace fib::dispatch {

/// Writes into the control page what `fib ctl PID status` shows: how many candidates there are, and
/// which of them can't be used. By one thread.
void write_report(const trace::CountersPage& counters, trace::ControlPage& page) noexcept;

}  // namespace fib::dispatch
