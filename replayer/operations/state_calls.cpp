// SPDX-License-Identifier: Apache-2.0
// Calls that change how later launches run.
#include "replayer/operations/executor.h"

namespace fib::replayer {

void Executor::set_function_attribute(const Operation&, const CallPlan& call) {
  m_.code.set_attribute(call.word(0), static_cast<int>(call.word(1)),
                        static_cast<int>(call.word(2)), m_.contexts.enter(call.fixed.context));
}

void Executor::set_kernel_attribute(const Operation&, const CallPlan& call) {
  m_.code.set_attribute(call.word(2), static_cast<int>(call.word(0)),
                        static_cast<int>(call.word(1)),
                        m_.contexts.of_device(static_cast<int>(call.word(3))));
}

void Executor::set_limit(const Operation&, const CallPlan& call) {
  m_.contexts.enter(call.fixed.context);
  expect(call, m_.api.cuCtxSetLimit(static_cast<CUlimit>(call.word(0)), call.word(1)));
}

}  // namespace fib::replayer
