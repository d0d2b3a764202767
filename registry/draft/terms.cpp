// SPDX-License-Identifier: Apache-2.0
#include "registry/draft/terms.h"

#include <algorithm>
#include <functional>
#include <optional>

namespace fib::registry {
namespace {

constexpr std::size_t kMostTerms = 48;      ///< that are compared with each other
constexpr std::size_t kMostRelations = 64;  ///< that are told
constexpr std::int64_t kMostPowers = 13;    ///< 2 to 8192

constexpr const char* kGeometry[] = {"grid.x", "grid.y", "grid.z", "block.x", "block.y", "block.z"};

bool holds(const SizeTerm& a, const SizeTerm& b,
           const std::function<bool(std::int64_t, std::int64_t)>& test) {
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    if (!test(a.values[i], b.values[i])) return false;
  }
  return true;
}

/// a == k * b, with k > 1.
std::optional<std::int64_t> factor(const SizeTerm& a, const SizeTerm& b) {
  const std::int64_t k = a.values.front() / b.values.front();
  const bool multiple = k > 1 && holds(a, b, [k](std::int64_t x, std::int64_t y) {
                          return x % y == 0 && x / y == k;
                        });
  return multiple ? std::optional(k) : std::nullopt;
}

bool is_ceil(const SizeTerm& a, const SizeTerm& b, std::int64_t k) {
  return holds(a, b, [k](std::int64_t x, std::int64_t y) { return x == (y + k - 1) / k; });
}

/// a == ceil_div(b, k), k a multiple of the block or a power of two.
std::optional<std::int64_t> divisor(const SizeTerm& a, const SizeTerm& b, const SizeTerm* block) {
  if (block != nullptr && block->is_constant()) {
    for (std::int64_t k = block->values.front(), i = 0; i < 6; ++i, k *= 2) {
      if (k > 1 && is_ceil(a, b, k)) return k;
    }
  }
  for (std::int64_t i = 1; i <= kMostPowers; ++i) {
    if (is_ceil(a, b, std::int64_t{1} << i)) return std::int64_t{1} << i;
  }
  return std::nullopt;
}

}  // namespace

bool SizeTerm::is_constant() const {
  return std::all_of(values.begin(), values.end(),
                     [&](std::int64_t value) { return value == values.front(); });
}

std::vector<SizeTerm> geometry_terms(const ObservedKernel& kernel) {
  std::vector<SizeTerm> terms;
  for (std::size_t i = 0; i < std::size(kGeometry); ++i) {
    SizeTerm term{kGeometry[i], {}, true};
    for (const ObservedLaunch& launch : kernel.launches) {
      term.values.push_back(std::max<std::int64_t>(launch.geometry[i], 1));
    }
    if (!term.is_constant() || (!term.values.empty() && term.values.front() != 1)) {
      terms.push_back(std::move(term));
    }
  }
  return terms;
}

std::vector<SizeTerm> parameter_terms(const std::vector<ParameterField>& fields) {
  std::vector<SizeTerm> terms;
  for (const ParameterField& field : fields) {
    if (field.may_be_size()) terms.push_back({field.expression(), field.values, false});
  }
  return terms;
}

std::vector<std::string> relations(const std::vector<SizeTerm>& terms) {
  std::vector<std::string> found;
  std::vector<const SizeTerm*> varying;
  const SizeTerm* block = nullptr;
  for (const SizeTerm& term : terms) {
    if (term.expression == "block.x") block = &term;
    if (!term.is_constant() && varying.size() < kMostTerms) varying.push_back(&term);
  }
  for (std::size_t i = 0; i < varying.size(); ++i) {
    for (std::size_t j = 0; j < varying.size() && found.size() < kMostRelations; ++j) {
      const SizeTerm &a = *varying[i], &b = *varying[j];
      if (i == j) continue;
      const std::string left = a.expression + " == ";
      if (a.values == b.values) {
        if (i < j) found.push_back(left + b.expression);
      } else if (const auto k = factor(a, b)) {
        found.push_back(left + std::to_string(*k) + " * " + b.expression);
      } else if (const auto d = divisor(a, b, block); d && !factor(b, a)) {
        found.push_back(left + "ceil_div(" + b.expression + ", " + std::to_string(*d) + ')');
      }
    }
  }
  return found;
}

}  // namespace fib::registry
