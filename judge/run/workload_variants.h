// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "judge/workload/reference.h"
#include "judge/workload/workload_case.h"

namespace fib::judge {

/// How a Workload's values are made. The same seed gives the same values.
struct VariantOptions {
  std::uint64_t seed = 1;
  std::uint32_t fresh_runs = 3;  ///< sets of inputs beside the Workload's own, and one more
  std::filesystem::path root;    ///< of the registry
};

/// Materialises a Workload and other inputs for it: every second time random inputs are drawn with
/// another seed, and the values of floating and int8 tensors of files anew from all values of the
/// tensor (for op_type `sampling`: shuffled); every other time a few values of the last ones
/// change. Scalars, and integers and truth values of files, stay. Throws std::runtime_error, one
/// line.
[[nodiscard]] WorkloadCase make_variants(const registry::Definition& definition,
                                         const registry::Workload& workload,
                                         const VariantOptions& options);

/// Asks the Definition's run for the outputs of all variants. Throws as reference_outputs(); then
/// there are none.
void add_reference(const registry::Definition& definition, const ReferenceOptions& options,
                   WorkloadCase& made);

}  // namespace fib::judge
