// SPDX-License-Identifier: Apache-2.0
//
// What becomes of reports.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>

#include "dispatch/quiescence.h"
#include "dispatch/shadow/extract.h"
#include "dispatch/shadow/shadow.h"
#include "recorder/rt_log.h"

namespace fib::dispatch {
namespace {

using State = ShadowSlot::State;

bool differs(const CompareReport& report, const ShadowPlan& plan) noexcept {
  std::size_t output = 0;
  for (std::size_t i = 0; i < plan.count; ++i) {
    if (!plan.tensors[i].is_output) continue;
    const CompareResult& result = report.results[output++];
    if (result.mismatches != 0 || result.canary != 0) return true;
  }
  return false;
}

const Generation& generation_of(const ShadowSlot& slot) noexcept {
  return *slot.generation.load(std::memory_order_relaxed);
}

bool is_demoted(const ShadowSlot& slot) noexcept {
  const auto candidate = static_cast<std::size_t>(slot.decision.candidate);
  return generation_of(slot).demotions().is_demoted(candidate);
}

}  // namespace

Shadow::Shadow(const Options& options, const driver::DriverApi& api,
               Dispatcher& dispatcher) noexcept
    : options_(options), api_(api), dispatcher_(dispatcher) {
  try {
    directory_ = options.mismatch_dir;
    if (!directory_.empty()) directory_ = std::filesystem::absolute(directory_).string();
  } catch (const std::exception&) {  // no working directory, or no memory: as it was given
  }
  std::snprintf(why_.data(), why_.size(), "its results differ from the original's%s%s",
                directory_.empty() ? "" : "; the launch is in ", directory_.c_str());
}

void Shadow::harvest(ContextScratch& scratch, Generation& generation) noexcept {
  if (scratch.is_idle()) return;
  for (ShadowSlot& slot : scratch.slots()) {
    const auto is_ours = [&] {
      return slot.generation.load(std::memory_order_relaxed) == &generation;
    };
    if (!is_ours() || !scratch.take_report(slot)) continue;
    if (!is_ours()) {  // another launch meanwhile
      slot.set(State::Pending);
      continue;
    }
    if (!has_failed(scratch, slot)) continue;
    const bool is_first = !is_demoted(slot);
    dispatcher_.demote(generation, slot.decision.candidate, why_.data());
    keep_or_free(scratch, slot, is_first);
  }
}

void Shadow::harvest(ContextScratch& scratch) noexcept {
  for (ShadowSlot& slot : scratch.slots()) {
    if (scratch.take_report(slot) && has_failed(scratch, slot))
      keep_or_free(scratch, slot, want_demoted(slot));
  }
}

/// Of a slot that is Reading: counts, and frees it if all is well.
bool Shadow::has_failed(ContextScratch& scratch, ShadowSlot& slot) noexcept {
  if (!slot.compares) {
    scratch.free(slot);
    return false;
  }
  trace::CandidateCounters& counters = generation_of(slot).counters(slot.decision.candidate);
  counters.shadowed.fetch_add(1, std::memory_order_relaxed);
  if (!differs(scratch.report(slot), slot.plan)) {
    scratch.free(slot);
    return false;
  }
  counters.mismatched.fetch_add(1, std::memory_order_relaxed);
  return true;
}

/// The first mismatch of a candidate gets a record.
void Shadow::keep_or_free(ContextScratch& scratch, ShadowSlot& slot, bool is_first) noexcept {
  if (is_first && !directory_.empty())
    slot.set(State::Mismatched);
  else
    scratch.free(slot);
}

/// True if it was neither demoted nor wanted so. The generation may be an old one, so the candidate
/// is named.
bool Shadow::want_demoted(const ShadowSlot& slot) noexcept {
  if (is_demoted(slot)) return false;
  try {
    const Generation& generation = generation_of(slot);
    const auto index = static_cast<std::size_t>(slot.decision.candidate);
    CandidateUse use{generation.table().candidate(slot.decision.candidate).name,
                     generation.deployment().candidates[index].fingerprint};
    const auto same = [&use](const CandidateUse& other) { return other.name == use.name; };
    if (std::any_of(to_demote_.begin(), to_demote_.end(), same)) return false;
    to_demote_.push_back(std::move(use));
    return true;
  } catch (const std::exception&) {
    return false;  // the next mismatch, if there is one, finds memory
  }
}

void Shadow::demote_wanted(const std::vector<CandidateUse>& uses) noexcept {
  for (const CandidateUse& use : uses) {
    bool is_current = false;
    {
      const ReadSection section;
      is_current = dispatcher_.allows(use);
    }
    if (is_current) (void)dispatcher_.demote(use.name, why_.data());
  }
}

/// What mismatched goes to host memory. The context is current.
void Shadow::collect(ContextScratch& scratch) noexcept {
  for (ShadowSlot& slot : scratch.slots()) {
    if (!slot.is(State::Mismatched)) continue;
    try {
      if (records_ < kMostRecords) {
        auto mismatch = extract_mismatch(api_, scratch, slot);
        if (mismatch == nullptr) recorder::say("a mismatch can't be copied to host memory");
        if (mismatch != nullptr) to_record_.push_back(std::move(mismatch));
        ++records_;
      }
    } catch (const std::exception&) {
      recorder::say("there is no memory for the record of a mismatch");
    }
    scratch.free(slot);
  }
}

void Shadow::record(const Mismatches& found) noexcept {
  for (const auto& mismatch : found) {
    const char* const name = mismatch->candidate.c_str();
    try {
      (void)write_mismatch(*mismatch, directory_);
    } catch (const std::exception& error) {
      recorder::say("%s: there is no record of its mismatch: %s", name, error.what());
    }
  }
}

/// Each reason once, with the first candidate that had it.
void Shadow::say_reasons() noexcept {
  for (std::size_t i = 0; i < kUnverifiedReasons; ++i) {
    const trace::CandidateCounters* const first = to_say_[i].load(std::memory_order_acquire);
    if (first == nullptr || said_[i]) continue;
    said_[i] = true;
    recorder::say("some launches of %s, or of others, are not verified: %s", first->name,
                  describe(static_cast<Unverified>(i)));
  }
}

}  // namespace fib::dispatch
