// SPDX-License-Identifier: Apache-2.0
// Stream memory operations: waits for, and writes of, words of memory.
#include "tests/sim_driver/mem_ops.h"

#include <atomic>
#include <thread>

#include "tests/sim_driver/driver.h"

namespace fib::sim {
namespace {

constexpr unsigned kWaitKinds = 3;  // GEQ, EQ, AND, NOR

template <class T>
bool holds(T found, T wanted, unsigned flags) {
  switch (flags & kWaitKinds) {
    case CU_STREAM_WAIT_VALUE_EQ: return found == wanted;
    case CU_STREAM_WAIT_VALUE_AND: return (found & wanted) != 0;
    case CU_STREAM_WAIT_VALUE_NOR: return static_cast<T>(~(found | wanted)) != 0;
    default: return static_cast<std::make_signed_t<T>>(found - wanted) >= 0;
  }
}

template <class T>
void wait_value(CUdeviceptr address, T wanted, unsigned flags) {
  const std::atomic_ref<T> word(*reinterpret_cast<T*>(address));
  while (!holds(word.load(), wanted, flags)) std::this_thread::yield();
}

template <class T>
void write_value(CUdeviceptr address, T value) {
  std::atomic_ref<T>(*reinterpret_cast<T*>(address)).store(value);
}

void run_one(const CUstreamBatchMemOpParams& op) {
  const auto& wait = op.waitValue;
  const auto& write = op.writeValue;
  switch (op.operation) {
    case CU_STREAM_MEM_OP_WAIT_VALUE_32:
      return wait_value<cuuint32_t>(wait.address, wait.value, wait.flags);
    case CU_STREAM_MEM_OP_WAIT_VALUE_64:
      return wait_value<cuuint64_t>(wait.address, wait.value64, wait.flags);
    case CU_STREAM_MEM_OP_WRITE_VALUE_32:
      return write_value<cuuint32_t>(write.address, write.value);
    case CU_STREAM_MEM_OP_WRITE_VALUE_64:
      return write_value<cuuint64_t>(write.address, write.value64);
    default: return;  // barriers and flushes: memory is coherent here
  }
}

void check(Call& c, const CUstreamBatchMemOpParams& op, int device) {
  const auto word = [&](CUdeviceptr address, size_t bytes, bool write) {
    require(address % bytes == 0 && c.driver.memory.accessible(address, bytes, device, write));
  };
  switch (op.operation) {
    case CU_STREAM_MEM_OP_WAIT_VALUE_32: return word(op.waitValue.address, 4, false);
    case CU_STREAM_MEM_OP_WAIT_VALUE_64: return word(op.waitValue.address, 8, false);
    case CU_STREAM_MEM_OP_WRITE_VALUE_32: return word(op.writeValue.address, 4, true);
    case CU_STREAM_MEM_OP_WRITE_VALUE_64: return word(op.writeValue.address, 8, true);
    case CU_STREAM_MEM_OP_FLUSH_REMOTE_WRITES:
    case CU_STREAM_MEM_OP_BARRIER: return;
    default: fail(CUDA_ERROR_INVALID_VALUE);
  }
}

void issue_ops(Call& c, CUstream on, const CUstreamBatchMemOpParams* list, unsigned count,
               unsigned flags) {
  require(flags == 0);
  const StreamPtr stream = c.stream(on);
  issue(c, stream, mem_ops_from(c, list, count, stream->device));
}

template <class Value>
void issue_wait(Call& c, CUstream on, CUdeviceptr address, Value value, unsigned flags) {
  CUstreamBatchMemOpParams op{};
  op.waitValue.operation =
      sizeof value == 8 ? CU_STREAM_MEM_OP_WAIT_VALUE_64 : CU_STREAM_MEM_OP_WAIT_VALUE_32;
  op.waitValue.address = address;
  op.waitValue.value64 = value;
  op.waitValue.flags = flags;
  issue_ops(c, on, &op, 1, 0);
}

template <class Value>
void issue_write(Call& c, CUstream on, CUdeviceptr address, Value value, unsigned flags) {
  CUstreamBatchMemOpParams op{};
  op.writeValue.operation =
      sizeof value == 8 ? CU_STREAM_MEM_OP_WRITE_VALUE_64 : CU_STREAM_MEM_OP_WRITE_VALUE_32;
  op.writeValue.address = address;
  op.writeValue.value64 = value;
  op.writeValue.flags = flags;
  issue_ops(c, on, &op, 1, 0);
}

}  // namespace

void run_mem_ops(const MemOps& ops) {
  for (const CUstreamBatchMemOpParams& op : ops.list) run_one(op);
}

MemOps mem_ops_from(Call& c, const CUstreamBatchMemOpParams* list, unsigned count, int device) {
  require(list && count > 0 && count <= 256);
  MemOps ops{{list, list + count}};
  for (const CUstreamBatchMemOpParams& op : ops.list) check(c, op, device);
  return ops;
}

#define SIM_MEM_OPS(version)                                                                      \
  SIM_API_TWIN(cuStreamBatchMemOp##version, _ptsz,                                                \
               (CUstream stream, unsigned count, CUstreamBatchMemOpParams* list, unsigned flags), \
               issue_ops(c, stream, list, count, flags))                                          \
  SIM_API_TWIN(cuStreamWaitValue32##version, _ptsz,                                               \
               (CUstream stream, CUdeviceptr address, cuuint32_t value, unsigned flags),          \
               issue_wait(c, stream, address, value, flags))                                      \
  SIM_API_TWIN(cuStreamWaitValue64##version, _ptsz,                                               \
               (CUstream stream, CUdeviceptr address, cuuint64_t value, unsigned flags),          \
               issue_wait(c, stream, address, value, flags))                                      \
  SIM_API_TWIN(cuStreamWriteValue32##version, _ptsz,                                              \
               (CUstream stream, CUdeviceptr address, cuuint32_t value, unsigned flags),          \
               issue_write(c, stream, address, value, flags))                                     \
  SIM_API_TWIN(cuStreamWriteValue64##version, _ptsz,                                              \
               (CUstream stream, CUdeviceptr address, cuuint64_t value, unsigned flags),          \
               issue_write(c, stream, address, value, flags))

SIM_MEM_OPS()
SIM_MEM_OPS(_v2)

}  // namespace fib::sim
