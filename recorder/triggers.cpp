// SPDX-License-Identifier: Apache-2.0
#include "recorder/triggers.h"

#include <new>

namespace fib::recorder {

using trace::WindowReason;
using trace::WindowStart;

KernelPattern::KernelPattern(const std::string& pattern) noexcept {
  used_ = !pattern.empty() && regcomp(&regex_, pattern.c_str(), REG_EXTENDED | REG_NOSUB) == 0;
}

KernelPattern::~KernelPattern() {
  if (used_) regfree(&regex_);
}

bool KernelPattern::matches(const KernelInfo& kernel) noexcept {
  if (!used_) return false;
  const auto ask = [&] { return regexec(&regex_, kernel.name.c_str(), 0, nullptr, 0) == 0; };
  try {
    const auto [entry, fresh] = known_.try_emplace(kernel.id, false);
    if (fresh) entry->second = ask();
    return entry->second;
  } catch (const std::bad_alloc&) {
    return ask();
  }
}

Triggers::Triggers(const trace::WindowSpec& spec) noexcept
    : spec_(spec),
      start_(spec.start == WindowStart::Kernel ? spec.start_name : std::string()),
      until_(spec.until_kernel) {}

bool Triggers::counts() const noexcept {
  return spec_.start == WindowStart::Launch || spec_.start == WindowStart::GraphLaunch ||
         spec_.start == WindowStart::Kernel;
}

void Triggers::arm(std::uint64_t now_ns) noexcept {
  seen_ = 0;
  armed_ns_.store(now_ns);
}

bool Triggers::starts(OperationKind kind, const KernelInfo* kernel) noexcept {
  switch (spec_.start) {
    case WindowStart::Launch: return kind == OperationKind::Launch && ++seen_ >= spec_.at;
    case WindowStart::GraphLaunch: return kind == OperationKind::GraphLaunch && ++seen_ >= spec_.at;
    case WindowStart::Kernel: return kernel != nullptr && start_.matches(*kernel);
    default: return false;
  }
}

bool Triggers::is_time(std::uint64_t now_ns) const noexcept {
  const std::uint64_t since = armed_ns_.load();
  return spec_.start == WindowStart::Time && since != 0 && now_ns - since >= spec_.at;
}

void Triggers::opened(std::uint64_t now_ns) noexcept {
  launches_ = graph_launches_ = 0;
  opened_ns_ = now_ns;
}

bool Triggers::ends_before(OperationKind kind, const KernelInfo* kernel, std::uint64_t now_ns,
                           WindowReason& reason) noexcept {
  const bool launch = kind == OperationKind::Launch || kind == OperationKind::GraphLaunch;
  if (launch && is_full(reason)) return true;
  if (kernel != nullptr && until_.used() && launches() > 0 && until_.matches(*kernel))
    return reason = WindowReason::Kernel, true;
  if (spec_.duration_ns != 0 && now_ns - opened_ns_ >= spec_.duration_ns)
    return reason = WindowReason::Time, true;
  if (spec_.budget_ns != 0 && now_ns - opened_ns_ >= spec_.budget_ns)
    return reason = WindowReason::Seconds, true;
  return false;
}

void Triggers::launched(OperationKind kind) noexcept {
  if (kind == OperationKind::Launch) ++launches_;
  if (kind == OperationKind::GraphLaunch) ++graph_launches_;
}

bool Triggers::is_full(WindowReason& reason) const noexcept {
  if (spec_.launches != 0 && launches_ >= spec_.launches)
    return reason = WindowReason::Launches, true;
  if (spec_.graph_launches != 0 && graph_launches_ >= spec_.graph_launches)
    return reason = WindowReason::GraphLaunches, true;
  return false;
}

}  // namespace fib::recorder
