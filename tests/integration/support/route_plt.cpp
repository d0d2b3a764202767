// SPDX-License-Identifier: Apache-2.0
#include "support/route.h"

namespace fib::test {

void route_open() {}

}  // namespace fib::test
