// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "tests/sim_driver/stream.h"

namespace fib::sim {

struct Event {
  CUevent handle = nullptr;
  CUcontext context = nullptr;
  unsigned flags = 0;
  CompletionPtr recorded;            // null: never recorded, which counts as complete
  std::shared_ptr<Capture> capture;  // set while the last record was in a capture
  std::vector<CUgraphNode> nodes;    // what that record stands for
};
using EventPtr = std::shared_ptr<Event>;

EventPtr find_event(const Driver& driver, CUevent handle);

}  // namespace fib::sim
