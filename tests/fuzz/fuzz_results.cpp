// SPDX-License-Identifier: Apache-2.0
//
// Evaluations that somebody wrote into a registry: rankings read what they can, and never fail.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "judge/rank/result_details.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fib::registry::Json json = fib::registry::Json::parse(data, data + size, nullptr, false);
  if (json.is_discarded()) return 0;
  fib::registry::Evaluation evaluation;
  evaluation.performance.emplace().members.set_unknown("fibshim", json);
  evaluation.correctness.emplace().extra = fib::registry::Json{{"fibshim", json}};
  evaluation.members.set_unknown("fibshim", std::move(json));
  fib::judge::Result result;
  fib::judge::read_reason(evaluation, result);
  fib::judge::read_details(evaluation, result.details);
  return 0;
}
