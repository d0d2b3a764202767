// SPDX-License-Identifier: Apache-2.0
#include "tests/sim_driver/faults.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>

#include "tests/sim_driver/config.h"

namespace fib::sim {
namespace {

struct Rule {
  CUresult code = CUDA_SUCCESS;
  uint64_t at = 0;       // the call that fails, counted from 1; 0 = no rule
  bool onwards = false;  // "@N+": all later ones, too
  std::atomic<uint64_t> calls{0};
};

struct Faults {
  std::unique_ptr<Rule[]> rules;  // by Api; null if there are none
  std::set<std::string> missing;
};

[[noreturn]] void reject(const std::string& item) {
  std::fprintf(stderr, "fibsim: FIBSIM_FAULTS: cannot understand '%s'\n", item.c_str());
  std::abort();
}

// "cuMemAlloc_v2:fail=2@3"
void add_rule(Faults& faults, const std::string& item) {
  const auto colon = item.find(":fail=");
  const auto at = item.find('@');
  Api api{};
  if (colon == std::string::npos || at == std::string::npos) reject(item);
  if (!find_api(item.substr(0, colon).c_str(), api)) reject(item);
  if (!faults.rules) faults.rules = std::make_unique<Rule[]>(api_count());
  Rule& rule = faults.rules[static_cast<unsigned>(api)];
  rule.code = static_cast<CUresult>(std::atoi(item.c_str() + colon + 6));
  rule.at = std::strtoull(item.c_str() + at + 1, nullptr, 10);
  rule.onwards = item.back() == '+';
  if (rule.at == 0 || rule.code == CUDA_SUCCESS) reject(item);
}

void add_missing(Faults& faults, const std::string& names) {
  for (std::size_t begin = 0; begin < names.size();) {
    auto end = names.find('+', begin);
    if (end == std::string::npos) end = names.size();
    faults.missing.insert(names.substr(begin, end - begin));
    begin = end + 1;
  }
}

void add_item(Faults& faults, const std::string& item) {
  if (item.empty() || item.starts_with("version=")) return;
  if (item.starts_with("missing=")) return add_missing(faults, item.substr(8));
  add_rule(faults, item);
}

Faults& faults() {
  static Faults* const instance = [] {
    auto* parsed = new Faults;
    const std::string& text = config().faults;
    for (std::size_t begin = 0; begin < text.size();) {
      auto end = text.find(',', begin);
      if (end == std::string::npos) end = text.size();
      add_item(*parsed, text.substr(begin, end - begin));
      begin = end + 1;
    }
    return parsed;
  }();
  return *instance;
}

}  // namespace

CUresult injected_fault(Api api) {
  Rule* rules = faults().rules.get();
  if (!rules) return CUDA_SUCCESS;
  Rule& rule = rules[static_cast<unsigned>(api)];
  if (rule.at == 0) return CUDA_SUCCESS;
  const uint64_t n = rule.calls.fetch_add(1, std::memory_order_relaxed) + 1;
  return n == rule.at || (rule.onwards && n > rule.at) ? rule.code : CUDA_SUCCESS;
}

bool injected_missing(const char* name) { return faults().missing.count(name) != 0; }

}  // namespace fib::sim
