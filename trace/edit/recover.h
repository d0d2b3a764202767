// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "trace/capture.h"

namespace fib::trace {

struct RecoverSummary {
  std::string name;                         ///< of the process, as it is called now
  std::uint64_t records = 0, launches = 0;  ///< in the log, of threads
  std::uint64_t cut_bytes = 0;              ///< of half-written chunks, in the log and page files
  std::vector<std::string> windows;         ///< one line for each that was cut: "window 2 ..."
  std::string damage;                       ///< what else is wrong with the log; empty if nothing
};

/// Closes what a killed process left behind, where it is: cuts off the half-written end of its log
/// and of its page files, ends a window that was cut, writes an End and takes ".partial" off the
/// directory's name. Stopped half-way it can be run again.
///
/// A window that was cut ends with the reason Failure and verify None, as nobody knows what memory
/// held then: at the last record, or before the first one whose payload never reached a page file.
/// What the process's threads did in their last moments (a fifth of a second) may be missing.
///
/// Throws CaptureError: for a process that is closed or still records, for a log that can't be read
/// or written.
[[nodiscard]] RecoverSummary recover_process(const Capture& capture, const ProcessLog& process);

}  // namespace fib::trace
