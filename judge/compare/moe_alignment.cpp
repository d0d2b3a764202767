// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "judge/compare/roles.h"
#include "judge/compare/rows.h"

namespace fib::judge {
namespace {

struct AlignmentRoles {
  std::string tokens, experts;  ///< outputs
  std::string length;           ///< output: how many of the tokens count; may be empty
};

using Tensor = ComparedLaunch::Tensor;

/// Tokens per entry of expert_ids; 0 if nobody says and the lengths do not tell. One is an axis or
/// a scalar; else the smallest power of two with which the blocks hold all tokens.
std::uint64_t block_size(const ComparedLaunch& launch, std::uint64_t tokens, std::uint64_t blocks) {
  if (const auto axis = launch.axes.find("block_size"); axis != launch.axes.end())
    return axis->second > 0 ? static_cast<std::uint64_t>(axis->second) : 0;
  if (const auto scalar = launch.scalars.find("block_size"); scalar != launch.scalars.end())
    return scalar->second >= 1 ? static_cast<std::uint64_t>(scalar->second) : 0;
  for (std::uint64_t size = 1; blocks > 0 && size <= tokens; size *= 2) {
    if ((tokens + size - 1) / size == blocks) return size;
  }
  return 0;
}

/// Both sides of an alignment, up to the length that counts.
struct Alignment {
  std::uint64_t length = 0, block = 1;
  std::vector<double> expected_tokens, got_tokens, expected_experts, got_experts;
};

Comparison compare_experts(const Alignment& sides) {
  Comparison result;
  result.elements = std::min<std::uint64_t>((sides.length + sides.block - 1) / sides.block,
                                            sides.expected_experts.size());
  for (std::uint64_t i = 0; i < result.elements; ++i) {
    if (sides.got_experts[i] != sides.expected_experts[i])
      add_wrong(result, {static_cast<std::int64_t>(i)}, sides.expected_experts[i],
                sides.got_experts[i], "wrong expert");
  }
  return result;
}

/// Tokens begin .. end go to one expert, in any order.
void compare_group(const Alignment& sides, std::uint64_t begin, std::uint64_t end,
                   Comparison& result) {
  const auto part = [&](const std::vector<double>& all) {
    std::vector<double> sorted(all.begin() + static_cast<std::ptrdiff_t>(begin),
                               all.begin() + static_cast<std::ptrdiff_t>(end));
    std::sort(sorted.begin(), sorted.end());
    return sorted;
  };
  const std::vector<double> expected = part(sides.expected_tokens), got = part(sides.got_tokens);
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (got[i] != expected[i])
      add_wrong(result, {static_cast<std::int64_t>(begin + i)}, expected[i], got[i],
                "wrong tokens of an expert");
  }
}

Comparison compare_tokens(const Alignment& sides) {
  Comparison result;
  result.elements = sides.length;
  const auto expert = [&](std::uint64_t token) {
    return sides.expected_experts[std::min<std::uint64_t>(token / sides.block,
                                                          sides.expected_experts.size() - 1)];
  };
  for (std::uint64_t begin = 0, end = 0; begin < sides.length; begin = end) {
    while (end < sides.length && expert(end) == expert(begin))
      end = std::min(sides.length, (end / sides.block + 1) * sides.block);
    compare_group(sides, begin, end, result);
  }
  return result;
}

class AlignmentComparer : public Comparer {
 public:
  explicit AlignmentComparer(AlignmentRoles roles) : roles_(std::move(roles)) {}

  [[nodiscard]] std::string name() const override { return "MoE alignment"; }
  [[nodiscard]] std::map<std::string, Comparison> compare(
      const ComparedLaunch& launch) const override {
    std::map<std::string, Comparison> results;
    const Tensor* const tokens = find_tensor(launch, roles_.tokens);
    const Tensor* const experts = find_tensor(launch, roles_.experts);
    Alignment sides;
    if (tokens == nullptr || experts == nullptr || !read(launch, *tokens, *experts, sides)) {
      compare_rest(launch, {}, results);
      return results;
    }
    compare_rest(launch, {roles_.tokens, roles_.experts}, results);
    results[roles_.experts] = compare_experts(sides);
    results[roles_.tokens] = compare_tokens(sides);
    for (const std::string& name : {roles_.experts, roles_.tokens}) conclude(results[name], name);
    return results;
  }

 private:
  /// False if the tensors do not fit each other.
  bool read(const ComparedLaunch& launch, const Tensor& tokens, const Tensor& experts,
            Alignment& sides) const {
    for (const Tensor* tensor : {&tokens, &experts}) {
      if (!Rows(tensor->layout, tensor->expected).fit() || !Rows(tensor->layout, tensor->got).fit())
        return false;
    }
    sides.expected_tokens = Rows(tokens.layout, tokens.expected).all();
    sides.got_tokens = Rows(tokens.layout, tokens.got).all();
    sides.expected_experts = Rows(experts.layout, experts.expected).all();
    sides.got_experts = Rows(experts.layout, experts.got).all();
    sides.block = block_size(launch, sides.expected_tokens.size(), sides.expected_experts.size());
    sides.length = length(launch, sides.expected_tokens.size());
    return sides.block != 0 && !sides.expected_experts.empty();
  }
  /// How many tokens the incumbent says that count; what lies behind them nobody reads.
  [[nodiscard]] std::uint64_t length(const ComparedLaunch& launch, std::uint64_t all) const {
    const Tensor* const tensor = find_tensor(launch, roles_.length);
    if (tensor == nullptr || tensor->layout.elements() != 1) return all;
    const Rows rows(tensor->layout, tensor->expected);
    if (!rows.fit()) return all;
    const double said = rows.all().front();
    return said >= 0 && said < static_cast<double>(all) ? static_cast<std::uint64_t>(said) : all;
  }

  AlignmentRoles roles_;
};

}  // namespace

std::unique_ptr<Comparer> moe_alignment_comparer(const registry::Definition& definition) {
  AlignmentRoles roles;
  roles.tokens = find_name(definition.outputs, {"sorted_token_ids", "sorted_ids"});
  roles.experts = find_name(definition.outputs, {"expert_ids", "experts_ids", "block_expert_ids"});
  roles.length = find_name(definition.outputs, {"num_tokens_post_padded", "num_tokens_post_pad"});
  if (roles.tokens.empty() || roles.experts.empty()) return nullptr;
  return std::make_unique<AlignmentComparer>(std::move(roles));
}

}  // namespace fib::judge
