// SPDX-License-Identifier: Apache-2.0
// Streams, events, and the waiting for them.
#include <cstring>

#include "replayer/operations/executor.h"

namespace fib::replayer {

void Executor::record_event(const Operation& operation, const CallPlan& call) {
  const CUstream on = stream(operation, call);
  const CUevent event = m_.events.find(call.word(0));
  if (call.api->base == "cuEventRecordWithFlags" && m_.api.cuEventRecordWithFlags != nullptr)
    expect(call, m_.api.cuEventRecordWithFlags(event, on, static_cast<unsigned>(call.word(2))));
  else
    expect(call, m_.api.cuEventRecord(event, on));
}

void Executor::wait_event(const Operation& operation, const CallPlan& call) {
  const CUstream on = stream(operation, call);
  expect(call, m_.api.cuStreamWaitEvent(on, m_.events.find(call.word(1)),
                                        static_cast<unsigned>(call.word(2))));
}

void Executor::create_event(const Operation&, const CallPlan& call) {
  m_.contexts.enter(call.fixed.context);
  m_.events.create(call.word(0), static_cast<unsigned>(call.word(1)));
}

void Executor::destroy_event(const Operation&, const CallPlan& call) {
  m_.events.destroy(call.word(0));
}

void Executor::wait_for_event(const Operation&, const CallPlan& call) {
  m_.contexts.enter(call.fixed.context);
  expect(call, m_.api.cuEventSynchronize(m_.events.find(call.word(0))));
}

void Executor::create_stream(const Operation&, const CallPlan& call) {
  const int priority = call.words.size() > 2 ? static_cast<int>(call.word(2)) : 0;
  m_.streams.create(call.word(0), static_cast<unsigned>(call.word(1)), priority,
                    call.fixed.context);
}

void Executor::destroy_stream(const Operation&, const CallPlan& call) {
  m_.streams.destroy(call.word(0));
}

void Executor::wait_for_stream(const Operation& operation, const CallPlan& call) {
  expect(call, m_.api.cuStreamSynchronize(stream(operation, call)));
}

void Executor::wait_for_context(const Operation&, const CallPlan& call) {
  m_.contexts.enter(call.words.empty() ? call.fixed.context : call.word(0));
  expect(call, m_.api.cuCtxSynchronize());
}

void Executor::set_stream_attribute(const Operation& operation, const CallPlan& call) {
  const std::vector<trace::CallArg> args = call.args();
  CUstreamAttrValue value;
  if (args.size() < 3 || args[2].blob.size() != sizeof value)
    return unsupported(call, "its value was not recorded");
  std::memcpy(&value, args[2].blob.data(), sizeof value);
  const CUstream on = stream(operation, call);
  expect(call, m_.api.cuStreamSetAttribute(on, static_cast<CUstreamAttrID>(call.word(1)), &value));
}

void Executor::write_value(const Operation& operation, const CallPlan& call) {
  const CUstream on = stream(operation, call);
  const std::uint64_t at = m_.memory.rebased(call.word(1));
  const auto flags = static_cast<unsigned>(call.word(3));
  if (call.api->base == "cuStreamWriteValue64")
    expect(call, m_.api.cuStreamWriteValue64_v2(on, at, call.word(2), flags));
  else
    expect(call,
           m_.api.cuStreamWriteValue32_v2(on, at, static_cast<cuuint32_t>(call.word(2)), flags));
}

void Executor::wait_value(const Operation& operation, const CallPlan& call) {
  const CUstream on = stream(operation, call);
  const std::uint64_t at = m_.memory.rebased(call.word(1));
  const auto flags = static_cast<unsigned>(call.word(3));
  if (call.api->base == "cuStreamWaitValue64")
    expect(call, m_.api.cuStreamWaitValue64_v2(on, at, call.word(2), flags));
  else
    expect(call,
           m_.api.cuStreamWaitValue32_v2(on, at, static_cast<cuuint32_t>(call.word(2)), flags));
}

void Executor::batch_memops(const Operation& operation, const CallPlan& call) {
  const std::vector<trace::CallArg> args = call.args();
  if (args.size() < 4) return unsupported(call, "its arguments were not recorded");
  std::vector<CUstreamBatchMemOpParams> ops(args[2].blob.size() / sizeof(CUstreamBatchMemOpParams));
  if (ops.empty()) return;
  std::memcpy(ops.data(), args[2].blob.data(), ops.size() * sizeof ops[0]);
  expect(call,
         m_.api.cuStreamBatchMemOp_v2(stream(operation, call), static_cast<unsigned>(ops.size()),
                                      ops.data(), static_cast<unsigned>(call.word(3))));
}

}  // namespace fib::replayer
