// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "judge/compare/roles.h"
#include "judge/compare/rows.h"
#include "judge/compare/top_k_row.h"
#include "judge/compare/walk.h"

namespace fib::judge {
namespace {

struct TopKRoles {
  std::string scores;   ///< an input; may be empty
  std::string indices;  ///< outputs; values may be empty
  std::string values;
};

using Tensor = ComparedLaunch::Tensor;

bool fits(const Tensor& tensor) {
  return Rows(tensor.layout, tensor.expected).fit() && Rows(tensor.layout, tensor.got).fit();
}

/// The rows of a launch, as far as its tensors show them.
class Launch {
 public:
  Launch(const ComparedLaunch& launch, const TopKRoles& roles)
      : indices_(find_tensor(launch, roles.indices)),
        values_(find_tensor(launch, roles.values)),
        scores_(find_tensor(launch, roles.scores)) {
    if (values_ != nullptr && values_->layout.shape != indices_->layout.shape) values_ = nullptr;
    const Rows rows(indices_->layout, indices_->got);
    if (scores_ != nullptr) {
      const Rows from(scores_->layout, scores_->before);
      if (!from.fit() || from.rows() != rows.rows()) scores_ = nullptr;
    }
    for (std::uint64_t i = 0; i < rows.rows() && ordered_; ++i) ordered_ = is_ordered(row(i));
  }

  [[nodiscard]] std::uint64_t rows() const { return Rows(indices_->layout, indices_->got).rows(); }
  [[nodiscard]] const Tensor& indices() const { return *indices_; }
  [[nodiscard]] const Tensor* values() const { return values_; }
  [[nodiscard]] TopKRow row(std::uint64_t index) const {
    TopKRow row;
    row.ordered = ordered_;
    if (scores_ != nullptr) {
      row.scores = Rows(scores_->layout, scores_->before).row(index);
      row.candidates = row.scores.size();
    }
    row.expected = Rows(indices_->layout, indices_->expected).row(index);
    row.got = Rows(indices_->layout, indices_->got).row(index);
    if (values_ == nullptr) return row;
    row.expected_values = Rows(values_->layout, values_->expected).row(index);
    row.got_values = Rows(values_->layout, values_->got).row(index);
    return row;
  }

 private:
  const Tensor *indices_, *values_, *scores_;
  bool ordered_ = true;
};

std::vector<std::int64_t> place(const TopKRow& row, const Tensor& tensor, std::uint64_t index,
                                std::size_t column) {
  return index_of(index * row.got.size() + column, tensor.layout.shape);
}

void check_values(const TopKRow& row, const Tensor& tensor, const Tolerance& tolerance,
                  std::uint64_t index, Comparison& result) {
  const std::vector<std::size_t> partner = partners(row);
  for (std::size_t i = 0; i < partner.size(); ++i) {
    const double expected = row.expected_values[partner[i]], got = row.got_values[i];
    if (expected == got || (std::isnan(expected) && std::isnan(got))) continue;
    const double error = std::abs(expected - got), size = std::abs(expected);
    result.max_absolute = std::max(result.max_absolute, error);
    result.max_relative =
        std::max(result.max_relative, std::isinf(error) ? error : error / (size + 1e-8));
    if (std::isfinite(size) && error <= tolerance.absolute + tolerance.relative * size) continue;
    add_wrong(result, place(row, tensor, index, i), expected, got,
              std::isnan(got) ? "NaN" : "wrong values");
  }
}

class TopKComparer : public Comparer {
 public:
  explicit TopKComparer(TopKRoles roles) : roles_(std::move(roles)) {}

  [[nodiscard]] std::string name() const override { return "top-k"; }
  [[nodiscard]] std::map<std::string, Comparison> compare(
      const ComparedLaunch& launch) const override {
    std::map<std::string, Comparison> results;
    const Tensor* const indices = find_tensor(launch, roles_.indices);
    const Tensor* const values = find_tensor(launch, roles_.values);
    if (indices == nullptr || !fits(*indices) || (values != nullptr && !fits(*values))) {
      compare_rest(launch, {}, results);  // says what is missing
      return results;
    }
    const Launch seen(launch, roles_);
    if (seen.values() == nullptr) {
      compare_rest(launch, {roles_.indices}, results);
    } else {
      compare_rest(launch, {roles_.indices, roles_.values}, results);
    }
    compare(seen, results);
    return results;
  }

 private:
  void compare(const Launch& launch, std::map<std::string, Comparison>& results) const {
    Comparison& chosen = results[roles_.indices];
    chosen.elements = launch.indices().layout.elements();
    Comparison values;
    for (std::uint64_t i = 0; i < launch.rows(); ++i) {
      const TopKRow row = launch.row(i);
      const TopKFinding finding = check_indices(row);
      if (!finding.reason.empty()) {
        add_wrong(chosen, place(row, launch.indices(), i, finding.column),
                  row.expected[finding.column], row.got[finding.column], finding.reason);
      }
      if (launch.values() != nullptr)
        check_values(row, *launch.values(), default_tolerance(launch.values()->layout.dtype), i,
                     values);
    }
    conclude(chosen, roles_.indices);
    if (launch.values() == nullptr) return;
    values.elements = launch.values()->layout.elements();
    conclude(values, roles_.values);
    results[roles_.values] = std::move(values);
  }

  TopKRoles roles_;
};

bool is_top_k(const registry::Definition& definition) {
  for (const char* name : {"topk", "top_k"}) {
    if (definition.op_type.find(name) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

std::unique_ptr<Comparer> top_k_comparer(const registry::Definition& definition) {
  TopKRoles roles;
  roles.indices = find_name(definition.outputs,
                            {"topk_indices", "top_k_indices", "topk_ids", "top_k_ids", "topk_idx"});
  if (roles.indices.empty() && is_top_k(definition))
    roles.indices = find_name(definition.outputs, {"indices", "ids", "selected_experts"});
  if (roles.indices.empty() || !registry::is_integer(definition.outputs.find(roles.indices)->dtype))
    return nullptr;
  roles.values =
      find_name(definition.outputs, {"topk_values", "top_k_values", "topk_weights", "top_k_weights",
                                     "topk_scores", "values", "weights", "scores"});
  roles.scores = find_name(definition.inputs, {"scores", "logits", "gating_output", "router_logits",
                                               "probs", "x", "input"});
  return std::make_unique<TopKComparer>(std::move(roles));
}

}  // namespace fib::judge
