// SPDX-License-Identifier: Apache-2.0
#include "judge/compare/sampling.h"

#include <cmath>
#include <stdexcept>

#include "judge/compare/roles.h"
#include "judge/compare/rows.h"
#include "judge/compare/walk.h"

namespace fib::judge {
namespace {

/// The tokens of one launch within the mask, each or as the incumbent drew it.
Comparison compare_tokens(const SamplingLaunch& launch, const ComparedLaunch::Tensor& tensor) {
  const std::vector<double> expected = Rows(tensor.layout, tensor.expected).all();
  const std::vector<double> got = Rows(tensor.layout, tensor.got).all();
  Comparison result;
  result.elements = got.size();
  for (std::uint64_t i = 0; i < got.size(); ++i) {
    // What the incumbent draws is right by definition: rows that nobody will read may hold
    // anything.
    if (got[i] == expected[i]) continue;
    const bool in_range = got[i] >= 0 && got[i] < static_cast<double>(launch.vocabulary());
    if (in_range && may_draw(launch.probs(i), launch.limits(i), static_cast<std::uint64_t>(got[i])))
      continue;
    add_wrong(result, index_of(i, tensor.layout.shape), expected[i], got[i],
              in_range ? "token outside the mask" : "token out of range");
  }
  conclude(result, tensor.layout.name);
  return result;
}

class SamplingComparer : public Comparer {
 public:
  explicit SamplingComparer(SamplingRoles roles) : roles_(std::move(roles)) {}

  [[nodiscard]] std::string name() const override { return "sampling"; }
  [[nodiscard]] std::map<std::string, Comparison> compare(
      const ComparedLaunch& launch) const override {
    std::map<std::string, Comparison> results;
    compare_rest(launch, {roles_.tokens}, results);
    const ComparedLaunch::Tensor* const tokens = find_tensor(launch, roles_.tokens);
    if (tokens == nullptr) return results;
    try {
      const SamplingLaunch drawn(launch, roles_);
      if (!Rows(tokens->layout, tokens->expected).fit() || !Rows(tokens->layout, tokens->got).fit())
        results[roles_.tokens] = refused("wrong size", roles_.tokens + " has too few bytes");
      else
        results[roles_.tokens] = compare_tokens(drawn, *tokens);
    } catch (const std::invalid_argument& problem) {
      results[roles_.tokens] = refused("not comparable", problem.what());
    }
    return results;
  }

 private:
  SamplingRoles roles_;
};

}  // namespace

std::optional<SamplingRoles> sampling_roles(const registry::Definition& definition) {
  if (definition.op_type != "sampling") return std::nullopt;
  const auto& inputs = definition.inputs;
  SamplingRoles roles;
  roles.probs = find_name(inputs, {"probs", "probabilities"});
  if (roles.probs.empty()) roles.logits = find_name(inputs, {"logits"});
  roles.rows = find_name(inputs, {"indices", "row_indices"});
  roles.top_k = find_name(inputs, {"top_k", "top_ks"});
  roles.top_p = find_name(inputs, {"top_p", "top_ps"});
  roles.min_p = find_name(inputs, {"min_p", "min_ps"});
  roles.temperature = find_name(inputs, {"temperature", "temperatures"});
  for (const auto& [name, spec] : definition.outputs) {
    if (registry::is_integer(spec.dtype) && roles.tokens.empty()) roles.tokens = name;
  }
  if ((roles.probs.empty() && roles.logits.empty()) || roles.tokens.empty()) return std::nullopt;
  return roles;
}

std::unique_ptr<Comparer> sampling_comparer(const registry::Definition& definition) {
  auto roles = sampling_roles(definition);
  if (!roles) return nullptr;
  return std::make_unique<SamplingComparer>(*std::move(roles));
}

SamplingLaunch::SamplingLaunch(const ComparedLaunch& launch, const SamplingRoles& roles)
    : launch_(launch), are_logits_(roles.probs.empty()) {
  const std::string& name = are_logits_ ? roles.logits : roles.probs;
  source_ = find_tensor(launch, name);
  const ComparedLaunch::Tensor* const tokens = find_tensor(launch, roles.tokens);
  if (source_ == nullptr || tokens == nullptr)
    throw std::invalid_argument("the launch does not show " +
                                (source_ == nullptr ? name : roles.tokens));
  const Rows source(source_->layout, source_->before);
  if (!source.fit()) throw std::invalid_argument(name + " has too few bytes");
  vocabulary_ = source.columns();
  samples_ = tokens->layout.elements();
  rows_ = parameter(roles.rows, -1);
  top_k_ = parameter(roles.top_k, 0);
  top_p_ = parameter(roles.top_p, 1);
  min_p_ = parameter(roles.min_p, 0);
  temperature_ = parameter(roles.temperature, 1);
  if (roles.rows.empty() && source.rows() != samples_)
    throw std::invalid_argument(name + " has not as many rows as there are samples");
  for (const double row : rows_) {
    if (!roles.rows.empty() && !(row >= 0 && row < static_cast<double>(source.rows())))
      throw std::invalid_argument(roles.rows + " names a row that " + name + " does not have");
  }
}

std::vector<double> SamplingLaunch::parameter(const std::string& name, double missing) const {
  if (name.empty()) return {missing};
  if (const auto scalar = launch_.scalars.find(name); scalar != launch_.scalars.end())
    return {scalar->second};
  const ComparedLaunch::Tensor* const tensor = find_tensor(launch_, name);
  if (tensor == nullptr) throw std::invalid_argument("the launch does not show " + name);
  const Rows rows(tensor->layout, tensor->before);
  const std::uint64_t count = tensor->layout.elements();
  if (!rows.fit() || (count != 1 && count != samples_))
    throw std::invalid_argument(name + " has neither one element nor one for each sample");
  return rows.all();
}

std::vector<double> SamplingLaunch::probs(std::uint64_t sample) const {
  const double row = rows_[rows_.size() == 1 ? 0 : sample];
  std::vector<double> values = Rows(source_->layout, source_->before)
                                   .row(row < 0 ? sample : static_cast<std::uint64_t>(row));
  if (are_logits_) softmax(values, temperature_[temperature_.size() == 1 ? 0 : sample]);
  return values;
}

SamplingLimits SamplingLaunch::limits(std::uint64_t sample) const {
  const auto of = [sample](const std::vector<double>& values) {
    return values[values.size() == 1 ? 0 : sample];
  };
  return {of(top_k_), of(top_p_), of(min_p_)};
}

}  // namespace fib::judge
