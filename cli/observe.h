// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "registry/draft/incumbent.h"
#include "registry/draft/observation.h"
#include "trace/capture.h"

namespace fib::cli {

/// A kernel of a capture, ready to be drafted.
struct RecordedKernel {
  registry::ObservedKernel observed;
  std::optional<registry::IncumbentCode> code;  ///< only if it was asked for
  std::string why_no_code;                      ///< one clause
  std::string code_note;  ///< what a copy of the code may do otherwise; empty: nothing known
};

/// All kernels of the capture whose mangled name `wanted` accepts, those of one name with different
/// code apart; most launches first. `with_code`: reads their code as well. Throws CliError.
[[nodiscard]] std::vector<RecordedKernel> observe_kernels(
    const trace::Capture& capture, const std::function<bool(const std::string&)>& wanted,
    bool with_code);

}  // namespace fib::cli
