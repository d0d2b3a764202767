// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "judge/case.h"
#include "judge/trial_request.h"
#include "judge/trial_result.h"
#include "registry/model/json.h"

/// JSON of what the parts of the judge tell each other: case.json, the request that a child gets
/// and the result that it leaves. Readers throw std::runtime_error with one line that says which
/// member is missing or wrong; they never believe more than types.
namespace fib::judge {

[[nodiscard]] registry::Json to_json(const Case& subject);
[[nodiscard]] registry::Json to_json(const TrialRequest& request);
[[nodiscard]] registry::Json to_json(const TrialResult& result);
/// `directory` is where case.json lies.
[[nodiscard]] Case case_of(const registry::Json& json, const std::filesystem::path& directory);
[[nodiscard]] TrialRequest request_of(const registry::Json& json);
[[nodiscard]] TrialResult result_of(const registry::Json& json);

}  // namespace fib::judge
