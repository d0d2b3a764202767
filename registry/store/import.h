// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <vector>

#include "registry/store/edit.h"

namespace fib::registry {

struct ImportCounts {
  std::size_t added = 0, replaced = 0, same = 0, conflicts = 0;
  void count(Outcome outcome);
};

struct ImportReport {
  ImportCounts definitions, solutions, workloads, traces, blobs;
  /// Records that were left out, and blobs that are missing; by their files in the source.
  Findings findings;
};

/// Copies all that loaded of `source` into `target`. What `target` has already, word for word or in
/// another order, is left alone; what differs is a conflict unless `options` say otherwise. Throws
/// RegistryError if something can't be written.
[[nodiscard]] ImportReport import_all(const Registry& source, const Registry& target,
                                      const EditOptions& options);

/// Adds the records of single files: a .json with a Definition or a Solution, a .jsonl with Traces.
/// Blobs that their workloads name are not copied: they belong below the registry's root. Throws
/// RegistryError, also for the first record that is no good; nothing is written then.
[[nodiscard]] ImportReport add_files(const std::vector<std::string>& files, const Registry& target,
                                     const EditOptions& options);

}  // namespace fib::registry
