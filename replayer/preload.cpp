// SPDX-License-Identifier: Apache-2.0
#include "replayer/preload.h"

#include <algorithm>
#include <string_view>

namespace fib::replayer {
namespace {

constexpr std::string_view kPreload = "LD_PRELOAD=";

std::string without_ours(std::string_view list) {
  std::string kept;
  while (!list.empty()) {
    const auto end = std::min(list.find_first_of(": "), list.size());
    const std::string_view entry = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    const bool ours =
        entry.find("libfibshim.so") != entry.npos || entry.find("libfibaudit.so") != entry.npos;
    if (!entry.empty() && !ours) kept += (kept.empty() ? "" : ":") + std::string(entry);
  }
  return kept;
}

}  // namespace

std::vector<std::string> environment_without_shim(const char* const* environment) {
  std::vector<std::string> entries;
  for (; *environment != nullptr; ++environment) {
    const std::string_view entry = *environment;
    if (!entry.starts_with(kPreload)) {
      entries.emplace_back(entry);
      continue;
    }
    const std::string kept = without_ours(entry.substr(kPreload.size()));
    if (!kept.empty()) entries.push_back(std::string(kPreload) + kept);
  }
  return entries;
}

}  // namespace fib::replayer
