// SPDX-License-Identifier: Apache-2.0
#include "cli/facts.h"

#include <numeric>

namespace fib::cli {

std::uint64_t ProcessFacts::executed() const {
  return std::accumulate(
      kernels.begin(), kernels.end(), std::uint64_t{0},
      [](std::uint64_t sum, const auto& entry) { return sum + entry.second.executed(); });
}

std::uint64_t ProcessFacts::deviation_count() const {
  return std::accumulate(deviations.begin(), deviations.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const auto& entry) { return sum + entry.second; });
}

std::string ProcessFacts::text(const std::string& key) const {
  for (const auto& [name, value] : strings) {
    if (name == key) return value;
  }
  return {};
}

std::string ProcessFacts::kernel_name(std::uint32_t id) const {
  const auto found = kernels.find(id);
  if (found != kernels.end() && !found->second.name.empty()) return found->second.name;
  return id == 0 ? "(unknown kernel)" : "kernel#" + std::to_string(id);
}

std::string deviation_name(std::uint32_t code) {
  using trace::Deviation;
  switch (static_cast<Deviation>(code)) {
    case Deviation::HostFunction: return "host function";
    case Deviation::ParameterLayout: return "parameter layout unknown";
    case Deviation::ImageUnknown: return "image unknown";
    case Deviation::ConditionalGraph: return "conditional graph";
    case Deviation::GraphUnreadable: return "graph unreadable";
    case Deviation::LegacyLaunch: return "legacy launch";
    case Deviation::StoreFailed: return "not stored";
    case Deviation::DefinitionDropped: return "definition dropped";
    case Deviation::UnknownAttribute: return "unknown launch attribute";
    case Deviation::DeviceGraphLaunch: return "device graph launch";
    case Deviation::WindowRefused: return "window refused";
    case Deviation::WindowCut: return "window cut";
    case Deviation::ForeignMemory: return "foreign memory";
    case Deviation::ArrayMemory: return "array memory";
    case Deviation::SymbolsUnknown: return "symbols unknown";
    case Deviation::HostRead: return "host memory read";
    case Deviation::EffectLost: return "effect lost";
    case Deviation::MemoryUnknown: return "memory unknown";
  }
  return "deviation " + std::to_string(code);
}

std::string node_type_name(std::uint16_t type) {
  // In the order of CUgraphNodeType, whose numbers are part of the driver's ABI.
  constexpr std::array kNames = {"kernel",           "memcpy",         "memset",     "host",
                                 "child graph",      "empty",          "wait event", "record event",
                                 "signal semaphore", "wait semaphore", "alloc",      "free",
                                 "batch memory op",  "conditional"};
  return type < kNames.size() ? kNames[type] : "type " + std::to_string(type);
}

}  // namespace fib::cli
