// SPDX-License-Identifier: Apache-2.0
#include "dispatch/rule_sets.h"

#include <algorithm>
#include <new>

namespace fib::dispatch {
namespace {

bool same(const match::KernelRules& a, const match::KernelRules& b) noexcept {
  return a.count == b.count && a.more == b.more && a.reason == b.reason &&
         std::equal(a.rules.begin(), a.rules.begin() + a.count, b.rules.begin());
}

}  // namespace

RuleSets::RuleSets() noexcept {
  none_.rules[0] = match::KernelRules{};
  chunks_[0].store(&none_, std::memory_order_relaxed);
  count_ = 1;
}

RuleSets::~RuleSets() {
  for (std::size_t i = 1; i < kChunks; ++i) delete chunks_[i].load(std::memory_order_relaxed);
}

RuleSets::Index RuleSets::add(const match::KernelRules& rules) noexcept {
  const std::lock_guard lock(mutex_);
  for (Index i = 0; i < count_; ++i)
    if (same((*this)[i], rules)) return i;
  const std::size_t place = count_ / kChunk;
  if (place == kChunks) return 0;
  Chunk* chunk = chunks_[place].load(std::memory_order_relaxed);
  if (chunk == nullptr) chunk = new (std::nothrow) Chunk;
  if (chunk == nullptr) return 0;
  // Nobody reads it before its number is out.
  chunk->rules[count_ % kChunk] = rules;
  chunks_[place].store(chunk, std::memory_order_release);
  return count_++;
}

}  // namespace fib::dispatch
