// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/counters_file.h"
#include "cli/explain_capture.h"
#include "cli/verb.h"

namespace fib::cli {

struct ExplainStyle {
  const Context& context;
  bool json = false;
  bool mangled = false;
};

/// Every kernel with its reasons, those that are redirected first of all reasons' counts.
void print(const Explanation& explanation, const ExplainStyle& style);
void print(const CountersReport& report, const ExplainStyle& style);

}  // namespace fib::cli
