// SPDX-License-Identifier: Apache-2.0
#include "cli/launches.h"

#include <spdlog/spdlog.h>

#include "cli/exit_codes.h"

namespace fib::cli {

std::vector<ProcessLaunches> read_all_launches(
    const trace::Capture& capture, const std::function<bool(const std::string&)>& wanted) try {
  return launches::read_all_launches(capture, wanted,
                                     [](const std::string& text) { spdlog::warn("{}", text); });
} catch (const trace::CaptureError& error) {
  throw CliError(kExitUnreadable, error.what());
}

}  // namespace fib::cli
