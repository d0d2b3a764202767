// SPDX-License-Identifier: Apache-2.0
#include "replayer/operations/executor.h"

#include <cstring>

#include "replayer/capture_tracker.h"

namespace fib::replayer {
namespace {

/// Host memory that copies on their way need; more of it makes the replay wait for them.
constexpr std::uint64_t kMostHeld = std::uint64_t{512} << 20;

}  // namespace

void Executor::synchronize() {
  if (const CUresult rc = m_.synchronize(); rc != CUDA_SUCCESS)
    throw ReplayFailed("the GPU reports " + result_name(m_.api, rc));
}

void Executor::unsupported(const CallPlan& call, const std::string& why) {
  m_.deviations.add(call.api->name + " is not replayed: " + why);
}

void Executor::failed(const CallPlan& call, CUresult rc) {
  const std::string text = call.api->name + " fails in the replay: " + result_name(m_.api, rc);
  // An error of the GPU itself stays, and comes out of every later call.
  if (m_.contexts.synchronize() != CUDA_SUCCESS) throw ReplayFailed(text);
  m_.deviations.add(text);
}

CUstream Executor::stream(const Operation& operation, const CallPlan& call) {
  std::uint64_t recorded = 0;
  if (!stream_argument(call, recorded))  // synchronous calls use the null stream
    recorded = call.api->per_thread ? reinterpret_cast<std::uintptr_t>(CU_STREAM_PER_THREAD) : 0;
  return m_.streams.enter(recorded, operation.thread, call.fixed.context);
}

CUstream Executor::stream_of(const Operation& operation) {
  if (const auto* launch = std::get_if<LaunchPlan>(&operation.what))
    return m_.streams.enter(launch->fixed.stream, operation.thread, launch->fixed.context);
  if (const auto* graph = std::get_if<GraphLaunchPlan>(&operation.what))
    return m_.streams.enter(graph->fixed.stream, operation.thread, graph->fixed.context);
  if (const auto* call = std::get_if<CallPlan>(&operation.what)) return stream(operation, *call);
  return nullptr;
}

void Executor::write_host(const PayloadPlan& payload, trace::Bytes content) {
  m_.buffers.write(payload.fixed.address, content);
  const std::uint64_t address = payload.fixed.address;
  if (m_.memory.is_host(address) && m_.memory.is_host(address + content.size() - 1)) {
    void* const to = reinterpret_cast<void*>(address);
    if (std::memcmp(to, content.data(), content.size()) == 0) return;
    synchronize();  // what was issued before read the old content
    std::memcpy(to, content.data(), content.size());
  } else if (m_.memory.is_device(address)) {  // managed
    synchronize();
    const CUresult rc =
        m_.api.cuMemcpyHtoD_v2(m_.memory.rebased(address), content.data(), content.size());
    if (rc != CUDA_SUCCESS)
      m_.deviations.add("managed memory can't be written: " + result_name(m_.api, rc));
  }
}

void Executor::apply_payloads(const Operation& operation) {
  for (const PayloadPlan& payload : operation.payloads) {
    if (payload.fixed.bytes == 0) continue;
    const std::vector<std::byte> content =
        m_.contents.read_all(payload.hashes, payload.fixed.bytes);
    if (content.empty())
      m_.deviations.add("host memory that the GPU reads is missing from the capture's pages/");
    else
      write_host(payload, content);
  }
}

void Executor::call(const Operation& operation, const CallPlan& call) {
  if (call.fixed.result != 0) return;  // it did nothing
  if (const Handler handler = handler_of(call.api->base))
    (this->*handler)(operation, call);
  else if (call.api->base == "cuLaunchHostFunc" || call.api->base == "cuStreamAddCallback")
    unsupported(call, "it ran code of the program on the CPU");
  else if (!is_ignored(call.api->base))
    unsupported(call, "this call is not supported");
}

Outcome Executor::issue(std::size_t index) {
  const Operation& operation = m_.plan.operations[index];
  m_.progress.beat();
  if (m_.buffers.held() > kMostHeld) synchronize();
  if (const auto* plan = std::get_if<LaunchPlan>(&operation.what)) return launch(operation, *plan);
  if (const auto* plan = std::get_if<GraphLaunchPlan>(&operation.what))
    return launch_graph(operation, *plan);
  if (const auto* plan = std::get_if<CallPlan>(&operation.what)) call(operation, *plan);
  return {true, {}};
}

Outcome Executor::run(std::size_t index) {
  const Operation& operation = m_.plan.operations[index];
  Outcome outcome;
  if (const auto* birth = std::get_if<BirthPlan>(&operation.what)) {
    synchronize();
    m_.table.birth(birth->region);
  } else if (!operation.captured) {
    apply_payloads(operation);
    if (operation.is_effect()) {
      synchronize();
      m_.table.write_point(*operation.point);
    } else {
      outcome = issue(index);
    }
  }
  for (const std::uint32_t region : operation.deaths) m_.table.death(region);
  return outcome;
}

}  // namespace fib::replayer
