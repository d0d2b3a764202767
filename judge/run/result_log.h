// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <set>
#include <string>

#include "registry/store/registry.h"

namespace fib::judge {

/// Writes results into a registry as they come, each at once and whole: who kills the judge loses
/// what was under way and nothing else. Any number of threads and processes may write.
class ResultLog {
 public:
  /// `registry` outlives this.
  explicit ResultLog(const registry::Registry& registry) : registry_(registry) {}

  /// Appends the result of a Solution of the registry, and its Workload if there is none of that
  /// uuid yet and `workload_is_valid`. Throws registry::RegistryError if it can't be written, or if
  /// upstream would not accept it.
  void add(const registry::Trace& trace, const registry::Definition& definition,
           const std::string& author, bool workload_is_valid);

 private:
  void add_workload(const registry::Trace& trace, const registry::Definition& definition);

  const registry::Registry& registry_;
  std::mutex mutex_;
  std::set<std::string> known_;  ///< workloads that were looked for
};

}  // namespace fib::judge
