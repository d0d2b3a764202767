// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "registry/model/finding.h"

namespace fib::dispatch {

/// What is wrong with the table (`found`), without what follows from records that could not be
/// read: a binding of such a Definition, a policy that pins such a Solution.
[[nodiscard]] registry::Findings causes(const registry::Findings& found,
                                        const registry::Findings& records);

}  // namespace fib::dispatch
