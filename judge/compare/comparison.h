// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "judge/compare/tensor.h"
#include "registry/model/definition.h"

namespace fib::judge {

/// How far one element may be off: it is right if its absolute error is at most
/// absolute + relative * |expected|. Of all elements at least `matched_ratio` must be right.
struct Tolerance {
  double absolute = 0, relative = 0, matched_ratio = 1;
};

/// By dtype: float32 1e-5, 1e-3; float16 and bfloat16 1e-2, 1e-2; float8 and float4 0.125, 0.125
/// (FastKernels' values); integers and bool exactly.
[[nodiscard]] Tolerance default_tolerance(registry::DType dtype);

/// For an output of a Definition: that of its dtype; for op_type "moe", whose floating results
/// round many times on the way, 95 % of the elements are enough, as upstream has it.
[[nodiscard]] Tolerance tolerance_for(const registry::Definition& definition,
                                      registry::DType dtype);

/// What comparing one output found.
struct Comparison {
  bool passed = false;
  std::string reason;  ///< empty if it passed; short and stable: "wrong values", "NaN", "infinity",
                       ///< "wrong size", "token outside the mask" ...
  std::string detail;  ///< one line; names the first wrong element even where enough others match
  /// Of all elements; NaN and infinity where one is. The relative one is upstream's:
  /// error / (|expected| + 1e-8).
  double max_absolute = 0, max_relative = 0;
  std::uint64_t elements = 0, wrong = 0;
  std::vector<std::int64_t> index;  ///< of the first wrong element
  double expected = 0, got = 0;     ///< there

  [[nodiscard]] double matched_ratio() const {
    return elements == 0 ? 1 : 1 - static_cast<double>(wrong) / static_cast<double>(elements);
  }
};

/// Element by element. `noise`: another result of the incumbent for the same inputs, or empty;
/// where it differs from `expected`, as much again is allowed. NaN equals NaN and infinity itself
/// only where the incumbent has them; one elsewhere is never forgiven, whatever `matched_ratio`
/// says. All three have the layout's extent at least; else it does not pass.
[[nodiscard]] Comparison compare_elements(const TensorLayout& layout, const Tolerance& tolerance,
                                          Bytes expected, Bytes got, Bytes noise = {});

/// Everything that a comparison by meaning may look at.
struct ComparedLaunch {
  const registry::Definition* definition = nullptr;
  std::map<std::string, std::int64_t> axes;  ///< constant ones, too
  std::map<std::string, double> scalars;     ///< scalar inputs that are known
  struct Tensor {
    TensorLayout layout;
    Bytes before;    ///< inputs: what the launch found
    Bytes expected;  ///< outputs: what the incumbent left
    Bytes noise;     ///< outputs: what its second run left; may be empty
    Bytes got;       ///< outputs: what the candidate left
  };
  std::map<std::string, Tensor> tensors;
};

/// Compares outputs that may rightly differ from the incumbent's. One comparison for each output,
/// by name.
class Comparer {
 public:
  virtual ~Comparer() = default;
  [[nodiscard]] virtual std::string name() const = 0;  ///< "elements", "sampling", "top-k" ...
  [[nodiscard]] virtual std::map<std::string, Comparison> compare(
      const ComparedLaunch& launch) const = 0;
};

/// The comparer for a Definition: by its op_type and outputs (sampling: tokens within the mask that
/// top-k and top-p leave; top-k: sets, ties in any order; MoE alignment: groups in any order
/// within), else element by element. Never null. README.md says which names are recognised. The
/// Definition outlives it. Outputs without a meaning of their own are compared element by element;
/// an output that the launch does not show has no comparison.
[[nodiscard]] std::unique_ptr<Comparer> comparer_for(const registry::Definition& definition);

}  // namespace fib::judge
