// SPDX-License-Identifier: Apache-2.0
#include "launches/rule_finder.h"

#include "launches/demangle.h"

namespace fib::launches {

RuleFinder::RuleFinder(const trace::Capture& capture, const match::MatchTable& table)
    : code_(capture), table_(table) {
  for (std::size_t i = 0; i < table.rules(); ++i) {
    needs_code_ = needs_code_ || table.rule(static_cast<std::uint16_t>(i)).needs_code();
  }
}

const match::KernelRules& RuleFinder::of(const ProcessLaunches& process, const LaunchForm& form,
                                         const LaunchedKernel& kernel) {
  const auto [found, fresh] = rules_.try_emplace(form.kernel);
  if (!fresh) return found->second;
  match::KernelIdentity identity;
  identity.name = kernel.name.c_str();
  std::string demangled;
  if (table_.needs_demangled()) {
    demangled = demangle(kernel.name);
    identity.demangled = demangled.c_str();
  }
  if (kernel.layout_known) identity.layout = kernel.layout;
  if (needs_code_) {
    identity.image = code_.image_hash(process, kernel);
    identity.code = code_.code_hash(process, kernel, form);
  }
  found->second = table_.resolve(identity);
  return found->second;
}

bool RuleFinder::names(const std::string& kernel) const {
  match::KernelIdentity identity;
  identity.name = kernel.c_str();
  std::string demangled;
  if (table_.needs_demangled()) {
    demangled = demangle(kernel);
    identity.demangled = demangled.c_str();
  }
  const match::KernelRules rules = table_.resolve(identity);
  return rules.count != 0 || rules.reason != match::Reason::NoRule;
}

}  // namespace fib::launches
