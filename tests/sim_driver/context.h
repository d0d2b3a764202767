// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "tests/sim_driver/stream.h"

namespace fib::sim {

struct Context {
  CUcontext handle = nullptr;
  uint64_t id = 0;
  int device = 0;
  bool primary = false;
  unsigned flags = 0;
  CUfunc_cache cache_config = CU_FUNC_CACHE_PREFER_NONE;
  std::map<CUlimit, size_t> limits;
  StreamPtr legacy;
  std::map<uint64_t, StreamPtr> per_thread;  // by this_thread_id()
  std::vector<StreamPtr> streams;            // all but the legacy one
  std::vector<CompletionPtr> orphans;        // last work of destroyed streams
};

/// A context with its legacy stream, entered into the tables.
ContextPtr create_context(Driver& driver, int device, unsigned flags);
/// Waits for the context's work, then frees everything in it.
void destroy_context(Call& c, const ContextPtr& context);
StreamPtr per_thread_stream(Context& context);

}  // namespace fib::sim
