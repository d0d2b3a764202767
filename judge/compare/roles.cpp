// SPDX-License-Identifier: Apache-2.0
#include "judge/compare/roles.h"

#include <algorithm>

#include "judge/compare/text.h"

namespace fib::judge {
namespace {

class ElementComparer : public Comparer {
 public:
  [[nodiscard]] std::string name() const override { return "elements"; }
  [[nodiscard]] std::map<std::string, Comparison> compare(
      const ComparedLaunch& launch) const override {
    std::map<std::string, Comparison> results;
    compare_rest(launch, {}, results);
    return results;
  }
};

}  // namespace

std::string find_name(const registry::Named<registry::TensorSpec>& tensors, Names names) {
  for (const std::string_view name : names) {
    if (tensors.contains(name)) return std::string(name);
  }
  return {};
}

const ComparedLaunch::Tensor* find_tensor(const ComparedLaunch& launch, const std::string& name) {
  const auto found = launch.tensors.find(name);
  return found == launch.tensors.end() ? nullptr : &found->second;
}

void compare_rest(const ComparedLaunch& launch, Names apart,
                  std::map<std::string, Comparison>& results) {
  for (const auto& [name, spec] : launch.definition->outputs) {
    const ComparedLaunch::Tensor* const tensor = find_tensor(launch, name);
    if (tensor == nullptr || std::find(apart.begin(), apart.end(), name) != apart.end()) continue;
    results[name] =
        compare_elements(tensor->layout, tolerance_for(*launch.definition, tensor->layout.dtype),
                         tensor->expected, tensor->got, tensor->noise);
  }
}

Comparison refused(std::string reason, std::string detail) {
  Comparison result;
  result.reason = std::move(reason);
  result.detail = std::move(detail);
  return result;
}

void add_wrong(Comparison& result, std::vector<std::int64_t> index, double expected, double got,
               std::string_view reason) {
  if (result.wrong++ != 0) return;
  result.index = std::move(index);
  result.expected = expected;
  result.got = got;
  result.reason = reason;
}

void conclude(Comparison& result, const std::string& name) {
  result.passed = result.wrong == 0;
  if (!result.passed) result.detail = first_wrong_text(name, result);
}

Tolerance tolerance_for(const registry::Definition& definition, registry::DType dtype) {
  Tolerance tolerance = default_tolerance(dtype);
  if (definition.op_type == "moe" && tolerance.absolute > 0) tolerance.matched_ratio = 0.95;
  return tolerance;
}

std::unique_ptr<Comparer> comparer_for(const registry::Definition& definition) {
  for (const auto make : {sampling_comparer, moe_alignment_comparer, top_k_comparer}) {
    if (auto comparer = make(definition)) return comparer;
  }
  return std::make_unique<ElementComparer>();
}

}  // namespace fib::judge
