// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "judge/case.h"
#include "judge/cases/choose.h"
#include "judge/cases/extraction.h"
#include "registry/match/match_table.h"
#include "trace/capture.h"

namespace fib::judge {

struct CaseOptions {
  std::filesystem::path root;                      ///< of the cases
  std::function<bool(const std::string&)> wanted;  ///< Definitions; empty: all
  /// Which launches become cases; choose_classes() is the judge's way.
  std::function<std::vector<ChosenLaunch>(const std::vector<LaunchClass>&)> choose;
  /// Called before GPUs are used; what it gives is kept until they are not. May be empty.
  std::function<std::shared_ptr<void>()> lease;
  std::function<void(const std::string&)> say;  ///< what is going on; may be empty
  ReplayChoice replay;
};

/// The cases of a capture.
struct CaseSet {
  std::vector<Case> cases;         ///< by Definition and axes
  std::vector<std::string> notes;  ///< what is missing and why, one line each
  std::size_t made = 0;            ///< of the cases; the others were there
};

/// From a capture and the bindings of a registry to cases: every launch that a binding describes
/// belongs to a class; of each class that is chosen one launch is extracted, unless its case is
/// there already. Throws trace::CaptureError, std::runtime_error when cases can't be written.
[[nodiscard]] CaseSet make_cases(const trace::Capture& capture, const match::MatchTable& table,
                                 const CaseOptions& options);

}  // namespace fib::judge
