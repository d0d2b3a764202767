// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "replayer/engine.h"

namespace fib::replayer {

/// What a child of supervise() is to do, as text that another process of the same build reads.
struct ChildRequest {
  ReplayTarget target;
  ReplayOptions options;
};

[[nodiscard]] std::string to_text(const ChildRequest& request);
[[nodiscard]] ChildRequest request_of(const std::string& text);

}  // namespace fib::replayer
