// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "judge/compare/comparison.h"

/// What comparers by meaning share: which tensor of a Definition plays which part.
namespace fib::judge {

using Names = std::initializer_list<std::string_view>;

/// The first of these names that the tensors have; empty if none.
[[nodiscard]] std::string find_name(const registry::Named<registry::TensorSpec>& tensors,
                                    Names names);

/// The tensor of this name; null if the launch does not show it.
[[nodiscard]] const ComparedLaunch::Tensor* find_tensor(const ComparedLaunch& launch,
                                                        const std::string& name);

/// Compares all outputs that the launch shows element by element, but for those in `apart`.
void compare_rest(const ComparedLaunch& launch, Names apart,
                  std::map<std::string, Comparison>& results);

/// A result that did not pass.
[[nodiscard]] Comparison refused(std::string reason, std::string detail);

/// Counts one wrong element; the first one is described.
void add_wrong(Comparison& result, std::vector<std::int64_t> index, double expected, double got,
               std::string_view reason);
/// Passed if nothing was wrong; else describes the first wrong element.
void conclude(Comparison& result, const std::string& name);

/// Comparers by meaning; null if the Definition is not one of theirs.
[[nodiscard]] std::unique_ptr<Comparer> sampling_comparer(const registry::Definition& definition);
[[nodiscard]] std::unique_ptr<Comparer> top_k_comparer(const registry::Definition& definition);
[[nodiscard]] std::unique_ptr<Comparer> moe_alignment_comparer(
    const registry::Definition& definition);

}  // namespace fib::judge
