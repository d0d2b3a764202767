// SPDX-License-Identifier: Apache-2.0
// Copies. The driver finds out from the addresses where they go, so that one function does for all
// directions.
#include <cstring>

#include "replayer/copy_endpoints.h"
#include "replayer/operations/executor.h"

namespace fib::replayer {
namespace {

template <class T>
T value_of(trace::Bytes bytes) {
  T value{};
  if (!bytes.empty()) std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof value));
  return value;
}

template <class T>
std::vector<T> array_of(trace::Bytes bytes) {
  std::vector<T> values(bytes.size() / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
  return values;
}

/// Of one copy; more is damage.
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 40;

}  // namespace

std::uint64_t Executor::source(const Operation& operation, std::uint64_t address,
                               std::uint64_t bytes) {
  if (m_.memory.is_device(address)) return m_.memory.rebased(address);
  if (m_.memory.is_host(address)) return address;  // payloads have been written to it
  for (const PayloadPlan& payload : operation.payloads) {
    if (payload.fixed.address > address ||
        payload.fixed.address + payload.fixed.bytes < address + bytes)
      continue;
    std::vector<std::byte> content = m_.contents.read_all(payload.hashes, payload.fixed.bytes);
    if (content.empty()) break;
    const std::byte* begin = m_.buffers.source(std::move(content));
    return reinterpret_cast<std::uintptr_t>(begin + (address - payload.fixed.address));
  }
  if (bytes > kMostBytes) throw ReplayFailed("a copy has an impossible size: the log is damaged");
  m_.deviations.add("host memory whose content was not recorded was copied: zeros here");
  return reinterpret_cast<std::uintptr_t>(m_.buffers.source(std::vector<std::byte>(bytes)));
}

std::uint64_t Executor::target(std::uint64_t address, std::uint64_t bytes) {
  if (m_.memory.is_device(address)) return m_.memory.rebased(address);
  if (m_.memory.is_host(address)) return address;
  if (bytes > kMostBytes) throw ReplayFailed("a copy has an impossible size: the log is damaged");
  return reinterpret_cast<std::uintptr_t>(m_.buffers.sink(bytes));
}

void Executor::copy_linear(const Operation& operation, const CallPlan& call, std::uint64_t to,
                           std::uint64_t from, std::uint64_t bytes) {
  if (bytes == 0) return;
  const CUstream on = stream(operation, call);
  const std::uint64_t source_here = source(operation, from, bytes);
  const std::uint64_t target_here = target(to, bytes);
  // A thread's own stream is an ordinary one here, so its synchronous copies name it and wait.
  if (!is_async(call) && on == nullptr)
    return expect(call, m_.api.cuMemcpy(target_here, source_here, bytes));
  expect(call, m_.api.cuMemcpyAsync(target_here, source_here, bytes, on));
  if (!is_async(call)) expect(call, m_.api.cuStreamSynchronize(on));
}

void Executor::copy(const Operation& operation, const CallPlan& call) {
  copy_linear(operation, call, call.word(0), call.word(1), call.word(2));
}

void Executor::copy_peer(const Operation& operation, const CallPlan& call) {
  copy_linear(operation, call, call.word(0), call.word(2), call.word(4));
}

void Executor::copy_batch(const Operation& operation, const CallPlan& call) {
  const std::vector<trace::CallArg> args = call.args();
  if (args.size() < 3) return unsupported(call, "its arguments were not recorded");
  const auto to = array_of<std::uint64_t>(args[0].blob);
  const auto from = array_of<std::uint64_t>(args[1].blob);
  const auto bytes = array_of<std::uint64_t>(args[2].blob);
  for (std::size_t i = 0; i < std::min({to.size(), from.size(), bytes.size()}); ++i)
    copy_linear(operation, call, to[i], from[i], bytes[i]);
}

template <class Copy, auto Async, auto Sync>
void Executor::copy_shaped(const Operation& operation, const CallPlan& call) {
  const std::vector<trace::CallArg> args = call.args();
  // The oldest of these structures are smaller: 32-bit addresses.
  if (args.empty() || args[0].blob.size() != sizeof(Copy))
    return unsupported(call, "its parameters have another size");
  auto params = value_of<Copy>(args[0].blob);
  if (uses_arrays(params)) return unsupported(call, "arrays are not brought back");
  const CUstream on = stream(operation, call);
  replace_endpoints(
      params,
      [&](std::uint64_t address, std::uint64_t bytes) {
        return bytes == 0 ? address : source(operation, address, bytes);
      },
      [&](std::uint64_t address, std::uint64_t bytes) {
        return bytes == 0 ? address : target(address, bytes);
      });
  if constexpr (std::is_same_v<Copy, CUDA_MEMCPY3D_PEER>) {
    params.srcContext = m_.contexts.find(reinterpret_cast<std::uintptr_t>(params.srcContext));
    params.dstContext = m_.contexts.find(reinterpret_cast<std::uintptr_t>(params.dstContext));
  }
  if (!is_async(call) && on == nullptr) return expect(call, (m_.api.*Sync)(&params));
  expect(call, (m_.api.*Async)(&params, on));
  if (!is_async(call)) expect(call, m_.api.cuStreamSynchronize(on));
}

void Executor::copy_2d(const Operation& operation, const CallPlan& call) {
  using driver::DriverApi;
  if (call.api->base == "cuMemcpy2DUnaligned")
    return copy_shaped<CUDA_MEMCPY2D, &DriverApi::cuMemcpy2DAsync_v2,
                       &DriverApi::cuMemcpy2DUnaligned_v2>(operation, call);
  copy_shaped<CUDA_MEMCPY2D, &DriverApi::cuMemcpy2DAsync_v2, &DriverApi::cuMemcpy2D_v2>(operation,
                                                                                        call);
}

void Executor::copy_3d(const Operation& operation, const CallPlan& call) {
  using driver::DriverApi;
  copy_shaped<CUDA_MEMCPY3D, &DriverApi::cuMemcpy3DAsync_v2, &DriverApi::cuMemcpy3D_v2>(operation,
                                                                                        call);
}

void Executor::copy_3d_peer(const Operation& operation, const CallPlan& call) {
  using driver::DriverApi;
  copy_shaped<CUDA_MEMCPY3D_PEER, &DriverApi::cuMemcpy3DPeerAsync, &DriverApi::cuMemcpy3DPeer>(
      operation, call);
}

}  // namespace fib::replayer
