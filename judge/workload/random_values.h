// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "registry/model/dtype.h"

namespace fib::judge {

/// Random numbers by seed and name: the same on every machine, whatever else is drawn.
class RandomStream {
 public:
  RandomStream(std::uint64_t seed, std::string_view name);

  [[nodiscard]] std::uint64_t next();  ///< splitmix64
  /// Integers in [low, high); high > low.
  [[nodiscard]] std::int64_t integer(std::int64_t low, std::int64_t high);
  [[nodiscard]] double normal();  ///< mean 0, deviation 1

 private:
  std::uint64_t state_;
  double spare_ = 0;
  bool has_spare_ = false;
};

/// How upstream draws a tensor of this type when a Workload says "random".
struct Distribution {
  enum class Kind { Normal, ClampedNormal, Integers } kind = Kind::Normal;
  std::int64_t low = 0, high = 0;  ///< of Integers: [low, high)
  bool softmax = false;            ///< of each row of the last dimension, afterwards

  /// "normal", "normal within +-2", "integers in [-1024, 1024)", "softmax of normal".
  [[nodiscard]] std::string text() const;
};
/// Floats: normal; float8 and float4 within +-2. int8: all it has; other integers [-1024, 1024);
/// truth values. The input `probs` of a sampling Definition: softmax.
[[nodiscard]] Distribution distribution_for(registry::DType dtype, std::string_view op_type,
                                            std::string_view input);

/// `count` values; `row` of them are a row of the last dimension.
[[nodiscard]] std::vector<double> draw(const Distribution& distribution, std::uint64_t count,
                                       std::uint64_t row, RandomStream& random);

}  // namespace fib::judge
