// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace fib::cli {

/// docs/cli.md, written from the parser itself. Does not use CLI11's own help, whose look depends
/// on its version.
[[nodiscard]] std::string reference_page(CLI::App& parser);

}  // namespace fib::cli
