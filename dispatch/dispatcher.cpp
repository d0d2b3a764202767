// SPDX-License-Identifier: Apache-2.0
//
// Launches: the hot half. dispatcher_control.cpp has the rest.
#include "dispatch/dispatcher.h"

#include <cstdio>

namespace fib::dispatch {
namespace {

using match::Reason;

/// Whether the driver would look at the launch at all: a candidate must not succeed where the
/// engine expects an error.
bool is_sound(const driver::LaunchCall& call) noexcept {
  constexpr unsigned int kMostAttributes = 64;
  for (std::size_t i = 0; i < 3; ++i)
    if (call.grid[i] == 0 || call.block[i] == 0) return false;
  if (call.params != nullptr && call.extra != nullptr) return false;
  return call.attribute_count == 0 ||
         (call.attributes != nullptr && call.attribute_count <= kMostAttributes);
}

}  // namespace

Dispatcher::Dispatcher(const Options& options, const driver::DriverApi& api) noexcept
    : api_(api),
      options_(options),
      captures_(api),
      counters_(options),
      contexts_(api),
      images_(api),
      entries_(api, counters_, images_),
      loader_(api, contexts_, counters_),
      workspaces_(api, options.workspace_bytes),
      can_free_(prepare_quiescence()) {}

CUresult Dispatcher::launch(const driver::LaunchCall& call, const Original& original) noexcept {
  Generation* const generation = active_.load(std::memory_order_acquire);
  if (generation == nullptr || call.legacy) return original();
  // Into a graph: decided when that is instantiated.
  if (captures_.any() && is_capturing(stream_of(call))) [[unlikely]]
    return original();
  KernelEntry* const entry = entries_.find(call.function);
  const std::size_t gpu = contexts_.current_gpu();
  if (entry == nullptr || gpu == Contexts::kNoGpu) [[unlikely]]
    return original();
  const match::KernelRules& rules = entries_.rules(call.function, *entry, *generation, gpu);
  if (rules.count != 0)
    return is_sound(call) ? consider(call, *generation, *entry, gpu, rules, original) : original();
  Counters::count(*entry->counters, rules.reason);
  return original();
}

/// Apart from launch(), so that launches without a rule need no room for a PreparedLaunch.
[[gnu::noinline]] CUresult Dispatcher::consider(const driver::LaunchCall& call,
                                                Generation& generation, KernelEntry& entry,
                                                std::size_t gpu, const match::KernelRules& rules,
                                                const Original& original) noexcept {
  PreparedLaunch prepared;
  prepared.generation = &generation;
  prepared.entry = &entry;
  prepared.gpu = gpu;
  look_up(call, Place::Eager, rules, prepared);
  Counters::count(*entry.counters, prepared.decision.reason);
  if (!prepared.decision.hit()) return original();
  if (verifier_ != nullptr && is_sampled()) return verifier_->run(call, prepared, original);
  if (options_.shadow_only) return original();
  std::size_t launched = 0;
  const CUresult result = issue(api_, prepared, stream_of(call), launched);
  if (result != CUDA_SUCCESS) [[unlikely]]
    return not_launched(prepared, result, original);
  count_hit(prepared, Place::Eager);
  return result;
}

/// The candidate's launch failed. If the original's fails, too, it is not the candidate's fault: an
/// earlier kernel has failed, or the stream is no longer what it was.
CUresult Dispatcher::not_launched(PreparedLaunch& prepared, CUresult error,
                                  const Original& original) noexcept {
  Generation& generation = *prepared.generation;
  const std::int32_t candidate = prepared.decision.candidate;
  Counters::count(*prepared.entry->counters, Reason::LaunchFailed);
  generation.counters(candidate).failed.fetch_add(1, std::memory_order_relaxed);
  const CUresult result = original();
  if (result != CUDA_SUCCESS) return result;
  const char* name = nullptr;
  if (api_.cuGetErrorName(error, &name) != CUDA_SUCCESS || name == nullptr) name = "an error";
  char why[200];
  std::snprintf(why, sizeof why, "the driver refused its launch (%s)", name);
  demote(generation, candidate, why);
  return result;
}

match::Decision Dispatcher::decide(const driver::LaunchCall& call, Place place,
                                   PreparedLaunch& prepared) noexcept {
  prepared.decision = {};
  prepared.decision.reason = Reason::SwitchedOff;
  prepared.generation = active_.load(std::memory_order_acquire);
  if (prepared.generation == nullptr) return prepared.decision;
  prepared.decision.reason = Reason::NoRule;
  prepared.entry = entries_.find(call.function);
  prepared.gpu = contexts_.current_gpu();
  if (prepared.entry == nullptr || prepared.gpu == Contexts::kNoGpu) return prepared.decision;
  look_up(call, place,
          entries_.rules(call.function, *prepared.entry, *prepared.generation, prepared.gpu),
          prepared);
  Counters::count(*prepared.entry->counters, prepared.decision.reason);
  return prepared.decision;
}

/// Fills in `prepared` but for what its caller has: generation, entry, gpu.
void Dispatcher::look_up(const driver::LaunchCall& call, Place place,
                         const match::KernelRules& rules, PreparedLaunch& prepared) noexcept {
  Generation& generation = *prepared.generation;
  make_view(call, *prepared.entry, prepared.view);
  prepared.decision = generation.table().lookup(
      rules, generation.model(prepared.gpu), prepared.view, generation.demotions(), prepared.bound);
  if (!prepared.decision.hit()) return;
  const Reason reason = make_ready(call, place, prepared);
  if (!match::is_hit(reason)) prepared.decision.reason = reason;
}

/// The lookup's own reason, or one against it.
Reason Dispatcher::make_ready(const driver::LaunchCall& call, Place place,
                              PreparedLaunch& prepared) noexcept {
  Generation& generation = *prepared.generation;
  const std::int32_t candidate = prepared.decision.candidate;
  if (generation.readiness(candidate) != Readiness::Ready ||
      generation.function(candidate, 0, prepared.gpu) == nullptr)
    return Reason::NotLoaded;
  if (!carry_attributes(call, prepared)) return Reason::LaunchAttribute;
  const match::LaunchProgram& launch = generation.table().candidate(candidate).launch;
  if (place == Place::Graph && launch.kernels.size() != 1) return Reason::GraphShape;
  if (overwrites_inputs(prepared)) return Reason::Aliasing;
  prepared.workspace = 0;
  if (launch.workspace) {
    std::uint64_t bytes = 0;
    if (generation.table().workspace_bytes(candidate, prepared.view, prepared.bound, bytes) !=
        match::LaunchFailure::None)
      return Reason::ArgumentFailed;
    if (bytes != 0 && place == Place::Eager)
      prepared.workspace = workspaces_.get(stream_of(call), bytes);
    if (bytes != 0 && prepared.workspace == 0) return Reason::NoWorkspace;
  }
  return prepare(prepared) == match::LaunchFailure::None ? prepared.decision.reason
                                                         : Reason::ArgumentFailed;
}

void Dispatcher::count_hit(const PreparedLaunch& prepared, Place place) noexcept {
  counters_.count_hit(*prepared.entry->counters,
                      prepared.generation->counters(prepared.decision.candidate),
                      place == Place::Graph);
}

bool Dispatcher::is_capturing(CUstream stream) const noexcept {
  CUstreamCaptureStatus status = CU_STREAM_CAPTURE_STATUS_NONE;
  return api_.cuStreamIsCapturing(stream, &status) != CUDA_SUCCESS ||
         status != CU_STREAM_CAPTURE_STATUS_NONE;
}

bool Dispatcher::is_sampled() noexcept {
  if (options_.shadow_every == 0) return false;
  return hits_.fetch_add(1, std::memory_order_relaxed) % options_.shadow_every == 0;
}

bool Dispatcher::allows(const CandidateUse& use) const noexcept {
  const Generation* const generation = active_.load(std::memory_order_acquire);
  if (generation == nullptr) return false;
  const std::int32_t candidate = generation->table().find_candidate(use.name);
  if (candidate == match::kNoCandidate) return false;
  const auto index = static_cast<std::size_t>(candidate);
  return generation->readiness(candidate) == Readiness::Ready &&
         !generation->demotions().is_demoted(index) &&
         generation->deployment().candidates[index].fingerprint == use.fingerprint;
}

CandidateUse Dispatcher::use_of(const PreparedLaunch& prepared) const {
  const Generation& generation = *prepared.generation;
  const std::int32_t candidate = prepared.decision.candidate;
  return {generation.table().candidate(candidate).name,
          generation.deployment().candidates[static_cast<std::size_t>(candidate)].fingerprint};
}

}  // namespace fib::dispatch
