// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "registry/model/constraint.h"
#include "registry/model/definition.h"
#include "registry/model/workload.h"

namespace fib::registry {

/// What the axes and scalar inputs of a Definition are worth for a Workload; without one, only what
/// is constant. Both outlive it.
class AxisScope : public Scope {
 public:
  AxisScope(const Definition& definition, const Workload* workload)
      : definition_(definition), workload_(workload) {}

  [[nodiscard]] std::optional<Number> value(std::string_view name) const override;
  [[nodiscard]] std::optional<std::int64_t> extent(std::string_view name,
                                                   std::int64_t dimension) const override;

  /// The value of an axis.
  [[nodiscard]] std::optional<std::int64_t> axis(std::string_view name) const;
  /// The extents of a tensor; nothing for a scalar, or if an axis is not known.
  [[nodiscard]] std::optional<std::vector<std::int64_t>> shape(const TensorSpec& tensor) const;

 protected:
  [[nodiscard]] const Definition& definition() const { return definition_; }
  [[nodiscard]] const Workload* workload() const { return workload_; }

 private:
  const Definition& definition_;
  const Workload* workload_;
  mutable int depth_ = 0;  ///< of expressions that name axes with expressions
};

}  // namespace fib::registry
