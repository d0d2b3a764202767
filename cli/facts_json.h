// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "cli/capture_facts.h"

/// Facts as JSON, for scripts. Field names are stable; new ones may be added.
namespace fib::cli {

[[nodiscard]] nlohmann::ordered_json to_json(const CaptureFacts& capture);
[[nodiscard]] nlohmann::ordered_json to_json(const ProcessFacts& process);
[[nodiscard]] nlohmann::ordered_json to_json(const KernelRow& row);

/// "complete", "unclosed", "truncated", "damaged" or "refused".
[[nodiscard]] const char* to_string(trace::ReadStatus status);

/// Text of the JSON, one line or indented. Bytes that are no UTF-8 become U+FFFD: names come from
/// files that anyone may have written.
[[nodiscard]] std::string to_text(const nlohmann::ordered_json& json, int indent = -1);

}  // namespace fib::cli
