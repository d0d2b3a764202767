// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "judge/case.h"
#include "registry/match/match_table.h"
#include "registry/store/registry.h"

namespace fib::judge {

struct ExportedWorkloads {
  std::size_t written = 0, same = 0;  ///< same: were there already, just so
  std::uint64_t bytes = 0;            ///< of tensors
  std::vector<std::string> notes;     ///< what could not be exported, one line each
};

/// Writes cases as Workloads of the registry, their tensors with real contents in files of tensors,
/// contiguous. A Workload of the same uuid without tensors is replaced. Throws
/// registry::RegistryError if that can't be written.
[[nodiscard]] ExportedWorkloads export_workloads(const std::vector<Case>& cases,
                                                 const registry::Registry& registry,
                                                 const match::MatchTable& table);

}  // namespace fib::judge
