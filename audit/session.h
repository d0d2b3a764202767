// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace fib::audit {

/// Starts counting in this process; a fork child that initialises CUDA starts anew. True when CUPTI
/// counts; otherwise the reason is on stderr and in the report.
bool start_session() noexcept;

/// Collects what CUPTI still holds and (re)writes the report. Does nothing in a process that has no
/// session of its own, such as a fork child of one that has.
void finish_session() noexcept;

}  // namespace fib::audit
