// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "tests/sim_driver/api.h"
#include "tests/sim_driver/completion.h"

namespace fib::sim {

class Capture;

/// A stream: a queue that one detached worker thread empties in order. The public fields are
/// guarded by the driver lock, the queue by a lock of its own.
class Stream : public std::enable_shared_from_this<Stream> {
 public:
  enum class Kind { legacy, per_thread, blocking, non_blocking };

  Stream(Kind kind, CUcontext context, int device, int priority);

  const Kind kind;
  const CUcontext context;
  const int device;
  const int priority;
  const uint64_t id;
  CUstream handle = nullptr;                    // null for the legacy and per-thread streams
  CompletionPtr last;                           // of the work submitted last; null if none
  std::shared_ptr<Capture> capture;             // the capture that this stream takes part in
  std::vector<CUgraphNode> frontier;            // while capturing: what the next node depends on
  std::vector<CUgraphEdgeData> frontier_edges;  // as cuStreamGetCaptureInfo_v3 shows them

  bool synchronises_with_legacy() const { return kind != Kind::non_blocking; }
  bool idle() const { return !last || last->done(); }

  /// Queues `run` behind everything submitted before it and behind `waits`. Never blocks.
  CompletionPtr submit(std::vector<CompletionPtr> waits, std::function<void()> run);
  /// No more submissions; the worker ends once the queue is empty.
  void close();

 private:
  struct Item {
    std::vector<CompletionPtr> waits;
    std::function<void()> run;
    CompletionPtr done;
  };

  void start_worker();
  void work();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Item> queue_;
  bool started_ = false;
  bool closed_ = false;
};

/// Queues work on a stream with the ordering between the legacy stream and blocking streams.
CompletionPtr enqueue(Driver& driver, const StreamPtr& stream, std::function<void()> run,
                      std::vector<CompletionPtr> waits = {});

/// What must be over for the stream (the whole context, for the legacy stream) to be idle.
std::vector<CompletionPtr> pending(Driver& driver, const Stream& stream);
std::vector<CompletionPtr> pending_in_context(Driver& driver, CUcontext context);
std::vector<CompletionPtr> pending_on_device(Driver& driver, int device);

/// Waits without the driver lock.
void wait_for(Call& c, const std::vector<CompletionPtr>& work);

}  // namespace fib::sim
