// SPDX-License-Identifier: Apache-2.0
#include "dispatch/counters.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstring>

#include "recorder/rt_log.h"

namespace fib::dispatch {
namespace {

using recorder::say;
using trace::CountersPage;

constexpr const char* kReasonNames[] = {
#define FIB_REASON(name, text) #name,
#include "registry/match/reason.def"
#undef FIB_REASON
};

template <std::size_t N>
void copy_text(char (&to)[N], std::string_view text) noexcept {
  const std::size_t bytes = std::min(text.size(), N - 1);
  std::memcpy(to, text.data(), bytes);
  std::memset(to + bytes, 0, N - bytes);
}

/// A whole file, whatever write(2) makes of it. 0 or an errno.
int write_all(int fd, const void* data, std::size_t bytes) noexcept {
  const auto* from = static_cast<const char*>(data);
  for (std::size_t done = 0; done < bytes;) {
    const ssize_t n = ::write(fd, from + done, bytes - done);
    if (n < 0 && errno != EINTR) return errno;
    if (n > 0) done += static_cast<std::size_t>(n);
  }
  return 0;
}

/// `name` with the number of this process for each "%p"; false if that is too long.
template <std::size_t N>
bool put_pid(char (&path)[N], const char* name) noexcept {
  std::size_t end = 0;
  for (const char* c = name; *c != '\0'; ++c) {
    if (end + 16 > N) return false;
    if (c[0] != '%' || c[1] != 'p') {
      path[end++] = *c;
      continue;
    }
    end = static_cast<std::size_t>(std::to_chars(path + end, path + N, getpid()).ptr - path);
    ++c;
  }
  path[end] = '\0';
  return true;
}

}  // namespace

Counters::Counters(const Options& options) noexcept {
  map();
  if (page_ == nullptr) return;
  trace::CountersHeader& header = page_->header;
  header.version = trace::kCountersVersion;
  header.pid = static_cast<std::uint32_t>(getpid());
  header.mode = static_cast<std::uint32_t>(options.shadow_only ? trace::CountersMode::Shadow
                                                               : trace::CountersMode::Apply);
  header.reason_count = match::kReasons;
  copy_text(header.registry, options.registry);
  for (std::size_t i = 0; i < match::kReasons; ++i) copy_text(header.reasons[i], kReasonNames[i]);
  std::memcpy(header.magic, trace::kCountersMagic, sizeof header.magic);
}

void Counters::map() noexcept {
  descriptor_ = memfd_create(trace::kCountersName, MFD_CLOEXEC);
  if (descriptor_ >= 0 && ftruncate(descriptor_, sizeof(CountersPage)) != 0) {
    close(descriptor_);
    descriptor_ = -1;
  }
  const int flags = descriptor_ >= 0 ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS;
  void* memory = mmap(nullptr, sizeof(CountersPage), PROT_READ | PROT_WRITE, flags, descriptor_, 0);
  if (memory == MAP_FAILED) {
    say("no memory for counters (%s); nothing is redirected", std::strerror(errno));
    return;
  }
  if (descriptor_ < 0) say("counters can't be shared; fib explain --live will not find them");
  page_ = static_cast<CountersPage*>(memory);
}

template <class Block, std::size_t N>
Block* Counters::give_out(Block (&blocks)[N], std::atomic<std::uint32_t>& count,
                          std::unordered_map<std::string, Block*>& known,
                          std::string_view name) noexcept try {
  const std::lock_guard lock(mutex_);
  const auto [place, fresh] = known.try_emplace(std::string(name), &blocks[N - 1]);
  const std::uint32_t number = count.load(std::memory_order_relaxed);
  if (!fresh || number == N) return place->second;
  place->second = &blocks[number];
  copy_text(blocks[number].name, number == N - 1 ? "(others)" : name);
  count.store(number + 1, std::memory_order_release);
  return place->second;
} catch (...) {
  return &blocks[N - 1];  // no memory for the name
}

trace::KernelCounters* Counters::kernel(std::string_view name) noexcept {
  return give_out(page_->kernels, page_->header.kernel_count, kernels_, name);
}

trace::CandidateCounters* Counters::candidate(std::string_view name) noexcept {
  return give_out(page_->candidates, page_->header.candidate_count, candidates_, name);
}

void Counters::set_gpus(std::span<const Gpu> gpus) noexcept {
  const std::size_t count = std::min(gpus.size(), trace::kMaxCountedGpus);
  for (std::size_t i = 0; i < count; ++i) copy_text(page_->header.gpus[i], gpus[i].name);
  page_->header.gpu_count = static_cast<std::uint32_t>(count);
}

void Counters::set_generation(std::uint32_t number) noexcept {
  page_->header.generation.store(number, std::memory_order_release);
}

void Counters::set_off(bool off) noexcept {
  page_->header.is_off.store(off ? 1 : 0, std::memory_order_relaxed);
}

bool Counters::set_state(trace::CandidateCounters& candidate, trace::CandidateState state,
                         const char* why) noexcept {
  const std::lock_guard lock(mutex_);
  const auto number = static_cast<std::uint32_t>(state);
  const std::string_view cut = std::string_view(why).substr(0, sizeof candidate.why - 1);
  const bool is_news =
      candidate.state.load(std::memory_order_relaxed) != number || candidate.why != cut;
  copy_text(candidate.why, why);
  candidate.state.store(number, std::memory_order_release);
  return is_news;
}

void Counters::count_hit(trace::KernelCounters& kernel, trace::CandidateCounters& candidate,
                         bool in_graph) noexcept {
  const auto place = static_cast<std::uint32_t>(&candidate - page_->candidates) + 1;
  (in_graph ? candidate.in_graphs : candidate.eager).fetch_add(1, std::memory_order_relaxed);
  for (trace::KernelCandidate& slot : kernel.candidates) {
    std::uint32_t owner = slot.candidate.load(std::memory_order_relaxed);
    if (owner == 0 &&
        slot.candidate.compare_exchange_strong(owner, place, std::memory_order_relaxed))
      owner = place;
    if (owner != place) continue;
    (in_graph ? slot.in_graphs : slot.eager).fetch_add(1, std::memory_order_relaxed);
    return;
  }
}

void Counters::write_report(const char* name) noexcept {
  // Processes that never had a context have nothing to tell.
  if (page_->header.gpu_count == 0) return;
  char path[PATH_MAX];
  if (!put_pid(path, name)) return say("the name of the report is too long (FIBSHIM_REPORT)");
  const std::size_t kernels = page_->header.kernel_count.load(std::memory_order_acquire);
  const std::size_t bytes =
      offsetof(CountersPage, kernels) + kernels * sizeof(trace::KernelCounters);
  const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
  int error = fd < 0 ? errno : write_all(fd, page_, bytes);
  if (fd >= 0 && ::close(fd) != 0 && error == 0) error = errno;
  if (error != 0)
    say("can't write the report %.500s (FIBSHIM_REPORT): %s", path, std::strerror(error));
}

}  // namespace fib::dispatch
