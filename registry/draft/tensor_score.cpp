// SPDX-License-Identifier: Apache-2.0
#include "registry/draft/tensor_score.h"

#include <algorithm>
#include <cmath>

namespace fib::registry {
namespace {

constexpr double kSameType = 4, kSeen = 6, kDeclared = 4, kInputNotConst = -3;
constexpr double kExactExtent = 8, kOrder = -3;

double extent_score(const TensorToPlace& tensor, const ParameterField& pointer,
                    const std::vector<std::size_t>& samples) {
  bool exact = true;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const PointedMemory& memory = pointer.memory[samples[i]];
    if (tensor.bytes[i] < 0 || memory.allocation == 0) {
      exact = false;
      continue;
    }
    const auto room = static_cast<double>(memory.bytes - std::min(memory.offset, memory.bytes));
    if (tensor.bytes[i] > room) return kImpossible;
    exact = exact && memory.offset == 0 && std::ceil(tensor.bytes[i]) == room;
  }
  return exact ? kExactExtent : 0;
}

double access_score(bool is_output, Access access) {
  switch (access) {
    case Access::SeenWritten: return is_output ? kSeen : kInputNotConst;
    case Access::DeclaredWrite: return is_output ? kDeclared : kInputNotConst;
    case Access::SeenRead: return is_output ? kWrongWay : kSeen;
    case Access::DeclaredRead: return is_output ? kWrongWay : kDeclared;
    case Access::Unknown: break;
  }
  return 0;
}

}  // namespace

double tensor_score(const TensorToPlace& tensor, const ParameterField& pointer, double place,
                    const std::vector<std::size_t>& samples) {
  if (pointer.may_be_null() && tensor.is_output) return kImpossible;
  double sum = extent_score(tensor, pointer, samples);
  sum += access_score(tensor.is_output, pointer.access);
  if (pointer.may_be_null()) sum += kNoInput / 2;
  if (pointer.dtype) sum += *pointer.dtype == tensor.spec->dtype ? kSameType : kOtherType;
  return sum + kOrder * std::fabs(tensor.place - place);
}

}  // namespace fib::registry
