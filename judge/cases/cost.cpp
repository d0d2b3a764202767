// SPDX-License-Identifier: Apache-2.0
#include "judge/cases/cost.h"

namespace fib::judge {
namespace {

/// What any kernel takes, so that what runs often counts for something however small it is.
constexpr double kLeastNs = 2000;
/// Near what GPUs with HBM read: classes are only held against each other.
constexpr double kBytesPerNs = 2000;

double estimated_ns(std::uint64_t bytes) {
  return kLeastNs + static_cast<double>(bytes) / kBytesPerNs;
}

}  // namespace

double estimated_cost_ns(const LaunchClass& of) {
  return static_cast<double>(of.count) * estimated_ns(of.bytes);
}

double cost_ns(const Case& subject) {
  const double one =
      subject.replayed_ns >= 0 ? subject.replayed_ns : estimated_ns(subject.tensor_bytes);
  return static_cast<double>(subject.count) * one;
}

}  // namespace fib::judge
