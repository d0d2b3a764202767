// SPDX-License-Identifier: Apache-2.0
//
// What the launching thread does: no lock, no allocation, no wait.
#include "dispatch/shadow/shadow.h"

#include <cstdio>
#include <cstring>

#include "dispatch/kernel_entries.h"

namespace fib::dispatch {
namespace {

using State = ShadowSlot::State;

/// Of its scratch memory one launch may fill so much with copies for the record: others want some,
/// too, and the comparison itself needs none of them.
constexpr std::uint64_t kRecordShare = 4;

trace::CandidateCounters& counters_of(const PreparedLaunch& prepared) noexcept {
  return prepared.generation->counters(prepared.decision.candidate);
}

/// The engine's parameters: they are its own only during the call.
void copy_parameters(const PreparedLaunch& prepared, ShadowSlot& slot) noexcept {
  slot.parameter_count = slot.parameter_bytes = 0;
  for (std::uint32_t i = 0; i < prepared.view.param_count; ++i) {
    const std::uint32_t size = prepared.view.layout[i].size;
    const std::byte* const bytes = match::param_bytes(prepared.view, i, 0, size);
    if (bytes == nullptr || size > slot.parameters.size() - slot.parameter_bytes) return;
    std::memcpy(slot.parameters.data() + slot.parameter_bytes, bytes, size);
    slot.parameter_bytes += size;
    ++slot.parameter_count;
  }
}

}  // namespace

CUresult Shadow::run(const driver::LaunchCall& call, PreparedLaunch& prepared,
                     const Original& original) noexcept {
  Context* const context = current();
  if (context == nullptr) {
    leave_out(prepared, Unverified::NoMemory);
    return original();
  }
  harvest(context->scratch, *prepared.generation);
  const auto candidate = static_cast<std::size_t>(prepared.decision.candidate);
  if (prepared.generation->demotions().is_demoted(candidate)) return original();
  ShadowSlot* const slot = begin(context->scratch, call, prepared);
  const CUresult result = original();
  if (slot != nullptr) end(context->scratch, *slot, call, prepared, result);
  return result;
}

Shadow::Context* Shadow::current() const noexcept {
  CUcontext context = nullptr;
  if (api_.cuCtxGetCurrent(&context) != CUDA_SUCCESS || context == nullptr) return nullptr;
  return table_.find(context);
}

/// Up to and including the candidate. Null: nothing was launched.
ShadowSlot* Shadow::begin(ContextScratch& scratch, const driver::LaunchCall& call,
                          PreparedLaunch& prepared) noexcept {
  ShadowSlot* const slot = claim(scratch, prepared);
  if (slot == nullptr) return nullptr;
  const Unverified reason = redirect(*slot, prepared);
  if (reason != Unverified::None) {
    scratch.free(*slot);
    leave_out(prepared, reason);
    return nullptr;
  }
  const CUstream stream = stream_of(call);
  std::size_t launched = 0;
  slot->compares = copy_in(*slot, stream) == CUDA_SUCCESS;
  if (slot->compares) slot->candidate_error = issue(api_, prepared, stream, launched);
  return slot;
}

ShadowSlot* Shadow::claim(ContextScratch& scratch, PreparedLaunch& prepared) noexcept {
  ShadowPlan plan;
  const std::uint64_t record = !directory_.empty() ? scratch.capacity() / kRecordShare : 0;
  Unverified reason = plan.make(prepared, scratch.capacity(), record);
  ShadowSlot* const slot = reason == Unverified::None ? scratch.claim(plan.bytes) : nullptr;
  if (slot == nullptr) {
    leave_out(prepared, reason == Unverified::None ? Unverified::AllInUse : reason);
    return nullptr;
  }
  slot->generation.store(prepared.generation, std::memory_order_relaxed);
  slot->decision = prepared.decision;
  slot->entry = prepared.entry;
  slot->bound = prepared.bound;
  slot->geometry = prepared.view.geometry;
  slot->plan = plan;
  copy_parameters(prepared, *slot);
  return slot;
}

/// Lets the candidate find its outputs, and inputs that are the same memory, in the slot.
Unverified Shadow::redirect(ShadowSlot& slot, PreparedLaunch& prepared) noexcept {
  for (std::size_t i = 0; i < slot.plan.count; ++i) {
    const ShadowTensor& tensor = slot.plan.tensors[i];
    if (tensor.scratch == ShadowTensor::kNowhere) continue;
    prepared.bound.values[tensor.slot] = static_cast<std::int64_t>(slot.address(tensor.scratch));
  }
  if (prepare(prepared) != match::LaunchFailure::None) return Unverified::Arguments;
  return reaches_live_output(prepared, slot.plan) ? Unverified::HiddenAddress : Unverified::None;
}

CUresult Shadow::copy_in(const ShadowSlot& slot, CUstream stream) noexcept {
  CUresult result = CUDA_SUCCESS;
  const auto copy = [&](std::uint64_t to, const ShadowTensor& tensor) {
    if (result == CUDA_SUCCESS)
      result = api_.cuMemcpyDtoDAsync_v2(slot.address(to), tensor.live, tensor.bytes, stream);
  };
  const auto guard = [&](std::uint64_t place) {
    if (result == CUDA_SUCCESS)
      result = api_.cuMemsetD8Async(slot.address(place), kCanary, kCanaryBytes, stream);
  };
  for (std::size_t i = 0; i < slot.plan.count; ++i) {
    const ShadowTensor& tensor = slot.plan.tensors[i];
    if (!tensor.is_output) {
      if (tensor.kept != ShadowTensor::kNowhere) copy(tensor.kept, tensor);
      continue;
    }
    guard(tensor.scratch - kCanaryBytes);
    copy(tensor.scratch, tensor);
    guard(tensor.scratch + tensor.bytes);
  }
  return result;
}

/// After the incumbent. Whatever went wrong, the report tells when the memory is free again.
void Shadow::end(ContextScratch& scratch, ShadowSlot& slot, const driver::LaunchCall& call,
                 PreparedLaunch& prepared, CUresult result) noexcept {
  const CUstream stream = stream_of(call);
  if (slot.candidate_error != CUDA_SUCCESS && result == CUDA_SUCCESS) refused(slot, prepared);
  slot.compares = slot.compares && slot.candidate_error == CUDA_SUCCESS && result == CUDA_SUCCESS &&
                  copy_out(slot, stream) == CUDA_SUCCESS;
  const bool compares = slot.compares;  // the slot is somebody else's once it is Pending
  if (scratch.compare(slot, stream) != CUDA_SUCCESS || !compares)
    leave_out(prepared, Unverified::DriverRefused);
}

/// The driver takes the original and not the candidate, which so is no use to anybody.
void Shadow::refused(const ShadowSlot& slot, PreparedLaunch& prepared) noexcept {
  const char* name = nullptr;
  if (api_.cuGetErrorName(slot.candidate_error, &name) != CUDA_SUCCESS || name == nullptr)
    name = "an error";
  char why[200];
  std::snprintf(why, sizeof why, "the driver refused its launch (%s)", name);
  counters_of(prepared).failed.fetch_add(1, std::memory_order_relaxed);
  dispatcher_.demote(*prepared.generation, prepared.decision.candidate, why);
}

CUresult Shadow::copy_out(const ShadowSlot& slot, CUstream stream) noexcept {
  CUresult result = CUDA_SUCCESS;
  for (std::size_t i = 0; i < slot.plan.count && result == CUDA_SUCCESS; ++i) {
    const ShadowTensor& tensor = slot.plan.tensors[i];
    if (tensor.is_output && tensor.kept != ShadowTensor::kNowhere)
      result =
          api_.cuMemcpyDtoDAsync_v2(slot.address(tensor.kept), tensor.live, tensor.bytes, stream);
  }
  return result;
}

void Shadow::leave_out(const PreparedLaunch& prepared, Unverified reason) noexcept {
  const auto index = static_cast<std::size_t>(reason);
  trace::CandidateCounters& counters = counters_of(prepared);
  counters.unverified.fetch_add(1, std::memory_order_relaxed);
  if (unverified_[index].fetch_add(1, std::memory_order_relaxed) == 0)
    to_say_[index].store(&counters, std::memory_order_release);
}

}  // namespace fib::dispatch
