// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cli/exit_codes.h"
#include "trace/capture.h"

namespace fib::cli {

/// trace::open_capture, with its error as the tool's.
[[nodiscard]] inline trace::Capture open_capture(const std::string& path) try {
  return trace::open_capture(path);
} catch (const trace::CaptureError& error) {
  throw CliError(kExitUnreadable, error.what());
}

/// Runs something that makes or changes a capture; its CaptureError becomes the tool's.
template <typename Work>
auto edit(Work&& work) try {
  return work();
} catch (const trace::CaptureError& error) {
  throw CliError(kExitOutput, error.what());
}

}  // namespace fib::cli
