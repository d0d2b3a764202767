// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "judge/compare/tensor.h"
#include "registry/model/definition.h"
#include "registry/model/workload.h"

namespace fib::judge {

/// A Workload with all its values, in host memory.
struct MaterialisedWorkload {
  std::map<std::string, std::vector<std::byte>> inputs;  ///< tensors, contiguous
  std::map<std::string, double> scalars;                 ///< inputs that are no tensors
  std::map<std::string, std::int64_t> axes;              ///< constant and computed ones, too
  std::map<std::string, TensorLayout> layouts;  ///< of input tensors and of outputs, contiguous
  std::map<std::string, std::string> sources;  ///< of each input: "normal, seed 7", a file, a value
  std::uint64_t seed = 0;
};

/// Where a tensor of a Definition lies that is contiguous. `axes` has all that it names.
[[nodiscard]] TensorLayout contiguous_layout(const std::string& name,
                                             const registry::TensorSpec& spec,
                                             const std::map<std::string, std::int64_t>& axes);

/// Draws, reads and takes over what a Workload says about its inputs. An input that it does not
/// name is random, as upstream has it. The same seed gives the same bytes, input by input. `root`
/// is the registry's, for tensors in files. Throws std::runtime_error with one line that names the
/// input: values that do not fit the Definition, files that are missing or hold something else,
/// more than `limit_bytes` of tensors.
[[nodiscard]] MaterialisedWorkload materialise(const registry::Definition& definition,
                                               const registry::Workload& workload,
                                               const std::filesystem::path& root,
                                               std::uint64_t seed,
                                               std::uint64_t limit_bytes = std::uint64_t{64} << 30);

}  // namespace fib::judge
