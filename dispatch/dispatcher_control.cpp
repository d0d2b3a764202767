// SPDX-License-Identifier: Apache-2.0
//
// Everything but launches: new generations, demotions, the switch, and what happens to contexts,
// code and streams. Under one mutex, which launches never take.
#include <algorithm>

#include "dispatch/dispatcher.h"
#include "driver/scopes.h"
#include "recorder/rt_log.h"

namespace fib::dispatch {
namespace {

using recorder::say;

/// How long a reload waits for launches that began before it; then tick() goes on waiting.
constexpr std::uint64_t kPatienceNs = 50u * 1000 * 1000;

bool needs_workspace(const match::MatchTable& table) {
  for (std::size_t i = 0; i < table.candidates(); ++i)
    if (table.candidate(static_cast<std::int32_t>(i)).launch.workspace) return true;
  return false;
}

}  // namespace

bool Dispatcher::install(std::unique_ptr<Deployment> deployment) noexcept {
  const std::lock_guard lock(mutex_);
  return install_locked(std::move(deployment));
}

bool Dispatcher::install_locked(std::unique_ptr<Deployment> deployment) noexcept try {
  if (!counters_.is_valid() || !contexts_.discover()) return false;
  if (deployment == nullptr || deployment->table == nullptr ||
      deployment->candidates.size() != deployment->table->candidates())
    return false;
  counters_.set_gpus(contexts_.gpus());
  images_.decide(needs_code(*deployment->table));
  if (needs_workspace(*deployment->table)) workspaces_.want();
  auto next =
      std::make_unique<Generation>(last_number_ + 1, std::move(deployment), contexts_.gpus());
  loader_.load(*next);
  demote_listed(*next);
  if (installed_ != nullptr) carry_demotions(*installed_, *next);
  for (CUcontext context : contexts_.list()) prepare_context(context, *next);
  retired_.reserve(retired_.size() + 1);
  ++last_number_;
  std::swap(installed_, next);
  publish();
  counters_.set_generation(last_number_);
  if (next != nullptr) {
    retired_.push_back(std::move(next));
    free_retired();
  }
  return true;
} catch (...) {
  say("out of memory: the registry is not used");
  return false;
}

/// Those that the user or the registry names, before anything is launched. Nothing is said: whoever
/// wrote the names knows.
void Dispatcher::demote_listed(Generation& generation) noexcept {
  const auto demote = [&](std::size_t candidate, const char* why) {
    if (!generation.demotions().demote(candidate)) return;
    counters_.set_state(generation.counters(static_cast<std::int32_t>(candidate)),
                        trace::CandidateState::Demoted, why);
  };
  const match::MatchTable& table = generation.table();
  const std::string_view listed = options_.demoted;
  for (std::size_t at = 0; at < listed.size();) {
    const std::size_t end = std::min(listed.find(',', at), listed.size());
    const std::int32_t candidate = table.find_candidate(listed.substr(at, end - at));
    if (candidate != match::kNoCandidate)
      demote(static_cast<std::size_t>(candidate), "named in FIBSHIM_DEMOTE");
    at = end + 1;
  }
  for (std::size_t i = 0; i < table.candidates(); ++i) {
    const std::string& why = generation.deployment().candidates[i].demoted;
    if (!why.empty()) demote(i, why.c_str());
  }
}

/// By name, unless the candidate has changed.
void Dispatcher::carry_demotions(const Generation& from, Generation& to) noexcept {
  for (std::size_t i = 0; i < to.table().candidates(); ++i) {
    const auto candidate = static_cast<std::int32_t>(i);
    const std::int32_t old = from.table().find_candidate(to.table().candidate(candidate).name);
    if (old == match::kNoCandidate) continue;
    const auto index = static_cast<std::size_t>(old);
    // What the registry had demoted is what it says now.
    if (!from.deployment().candidates[index].demoted.empty()) continue;
    if (!from.demotions().is_demoted(index) || from.deployment().candidates[index].fingerprint !=
                                                   to.deployment().candidates[i].fingerprint)
      continue;
    (void)to.demotions().demote(i);
    counters_.set_state(to.counters(candidate), trace::CandidateState::Demoted,
                        "demoted before the last reload");
  }
}

/// After a change of what may be launched.
void Dispatcher::publish() noexcept {
  active_.store(is_off_.load() ? nullptr : installed_.get());
  if (is_off_.load()) active_.store(nullptr);  // switched off just now
  changes_.fetch_add(1, std::memory_order_release);
}

void Dispatcher::free_retired() noexcept {
  static std::atomic<bool> said{false};
  if (retired_.empty()) return;
  if (!can_free_ && !said.exchange(true))
    say("this kernel has no membarrier(2): earlier generations of the registry stay in memory");
  if (!can_free_ || !wait_for_readers(kPatienceNs)) return;
  std::erase_if(retired_, [&](const std::unique_ptr<Generation>& old) {
    return verifier_ == nullptr || !verifier_->uses(*old);
  });
}

void Dispatcher::prepare_context(CUcontext context, Generation& generation) noexcept {
  loader_.load_into(context, generation);
  workspaces_.context_appeared(context);
  if (verifier_ == nullptr) return;
  const driver::RelaxedCapture relaxed(api_);
  const driver::CurrentContext current(api_, context);
  if (current.result() == CUDA_SUCCESS) verifier_->context_appeared(context);
}

bool Dispatcher::reload() noexcept {
  if (source_ == nullptr || !contexts_.discover()) return false;
  std::unique_ptr<Deployment> deployment = read_source();
  return deployment != nullptr && install(std::move(deployment));
}

/// Not under mutex_ in a reload: a disk that does not answer must not keep contexts from ending.
std::unique_ptr<Deployment> Dispatcher::read_source() noexcept {
  const std::lock_guard lock(source_mutex_);
  return source_->read(contexts_.gpus());
}

bool Dispatcher::demote(std::string_view name, const char* why) noexcept {
  const std::lock_guard lock(mutex_);
  if (installed_ == nullptr) return false;
  const std::int32_t candidate = installed_->table().find_candidate(name);
  if (candidate == match::kNoCandidate) return false;
  demote(*installed_, candidate, why);
  return true;
}

void Dispatcher::demote(Generation& generation, std::int32_t candidate, const char* why) noexcept {
  if (!generation.demotions().demote(static_cast<std::size_t>(candidate))) return;
  changes_.fetch_add(1, std::memory_order_release);
  counters_.set_state(generation.counters(candidate), trace::CandidateState::Demoted, why);
  say("candidate %.200s is not used any more: %.600s",
      generation.table().candidate(candidate).name.c_str(), why);
}

void Dispatcher::switch_off() noexcept { set_off(true); }
void Dispatcher::switch_on() noexcept { set_off(false); }

void Dispatcher::set_off(bool off) noexcept {
  // The switch works at once, whatever is being loaded.
  is_off_.store(off);
  if (off) active_.store(nullptr);
  changes_.fetch_add(1, std::memory_order_release);
  const std::lock_guard lock(mutex_);
  publish();
  if (counters_.is_valid()) counters_.set_off(is_off_.load());
}

void Dispatcher::tick() noexcept {
  workspaces_.tick();
  if (verifier_ != nullptr) verifier_->tick();
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (lock.owns_lock()) free_retired();
}

std::uint32_t Dispatcher::generation_number() const noexcept {
  const std::lock_guard lock(mutex_);
  return installed_ != nullptr ? installed_->number() : 0;
}

void Dispatcher::context_appeared(CUcontext context) noexcept {
  const bool is_new = contexts_.add(context);
  if (!is_new && has_asked_.load(std::memory_order_acquire)) return;
  const std::lock_guard lock(mutex_);
  // The first one: what is installed here is loaded into all contexts that are there.
  if (!has_asked_.load(std::memory_order_relaxed) && ask_source()) return;
  if (is_new && installed_ != nullptr) prepare_context(context, *installed_);
}

/// True: there is a first deployment.
bool Dispatcher::ask_source() noexcept {
  if (source_ == nullptr || !contexts_.discover()) return false;
  if (counters_.is_valid()) counters_.set_gpus(contexts_.gpus());
  std::unique_ptr<Deployment> deployment = read_source();
  has_asked_.store(true, std::memory_order_release);
  return deployment != nullptr && install_locked(std::move(deployment));
}

void Dispatcher::context_ending(CUcontext context) noexcept {
  // A reload that is loading into it must be done first.
  const std::lock_guard lock(mutex_);
  entries_.end_epoch();
  contexts_.remove(context);
  workspaces_.context_ending(context);
  if (verifier_ != nullptr) verifier_->context_ending(context);
}

void Dispatcher::primary_appeared(CUdevice device, CUcontext context) noexcept {
  contexts_.set_primary(device, context);
  context_appeared(context);
}

void Dispatcher::primary_ending(CUdevice device) noexcept {
  if (CUcontext context = contexts_.primary(device); context != nullptr) context_ending(context);
}

void Dispatcher::primary_released(CUdevice device) noexcept {
  unsigned int flags = 0;
  int active = 0;
  CUcontext context = contexts_.primary(device);
  if (context == nullptr) return;
  if (api_.cuDevicePrimaryCtxGetState(device, &flags, &active) == CUDA_SUCCESS && active != 0)
    context_appeared(context);
  else
    contexts_.set_primary(device, nullptr);
}

void Dispatcher::code_loaded(const void* container, bool is_library, const void* image) noexcept {
  images_.loaded(container, is_library, image);
}

void Dispatcher::code_file_loaded(const void* container, bool is_library,
                                  const char* path) noexcept {
  images_.loaded_file(container, is_library, path);
}

void Dispatcher::code_ending(const void* container) noexcept {
  entries_.end_epoch();
  images_.ending(container);
}

void Dispatcher::stream_ending(CUstream stream) noexcept {
  workspaces_.stream_ending(stream, captures_.any() && is_capturing(stream));
  if (verifier_ != nullptr) verifier_->stream_ending(stream);
}

}  // namespace fib::dispatch
