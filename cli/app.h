// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iosfwd>
#include <span>
#include <string>
#include <vector>

#include "cli/verb.h"

namespace fib::cli {

/// The whole tool: parses `arguments` (without the program's name), runs the verb, says on stderr
/// what went wrong. Returns the exit code.
int run_app(std::span<const VerbFactory> verbs, const std::vector<std::string>& arguments,
            std::ostream& out);

}  // namespace fib::cli
