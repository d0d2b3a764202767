// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "registry/model/definition.h"
#include "registry/model/trace.h"

namespace fib::judge {

/// Adds a Workload to a registry's workloads, under the file's lock, unless there is one of its
/// uuid: that one is kept, or with `replace` replaced. Whether anything was written. Throws
/// registry::RegistryError if the file can't be, or if upstream would not accept the record.
bool put_workload(const std::filesystem::path& root, const registry::Definition& definition,
                  const registry::Trace& workload, bool replace);

}  // namespace fib::judge
