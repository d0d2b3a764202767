// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "registry/model/finding.h"
#include "registry/model/object.h"
#include "registry/model/workload.h"

namespace fib::registry {

/// In the order of kStatusNames.
enum class Status {
  Passed,
  IncorrectShape,
  IncorrectNumerical,
  IncorrectDType,
  RuntimeError,
  CompileError,
  Timeout
};
inline constexpr std::array<std::string_view, 7> kStatusNames = {
    "PASSED",        "INCORRECT_SHAPE", "INCORRECT_NUMERICAL", "INCORRECT_DTYPE", "RUNTIME_ERROR",
    "COMPILE_ERROR", "TIMEOUT"};

[[nodiscard]] constexpr std::string_view to_string(Status status) {
  return kStatusNames[static_cast<std::size_t>(status)];
}

/// Errors of a result; both are the largest of all elements, >= 0, infinite or NaN.
struct Correctness {
  double max_relative_error = 0;
  double max_absolute_error = 0;
  std::optional<Json> extra;  ///< an object
  Members members;
};

/// Times of a result; all >= 0.
struct Performance {
  double latency_ms = 0;
  double reference_latency_ms = 0;
  double speedup_factor = 0;  ///< reference_latency_ms / latency_ms, as it was written
  Members members;
};

struct Environment {
  std::string hardware;     ///< as CUDA names the device
  Named<std::string> libs;  ///< versions
  Members members;
};

struct Evaluation {
  Status status = Status::Passed;
  Environment environment;
  std::string timestamp;  ///< ISO by convention, local time
  std::string log;
  std::optional<Correctness> correctness;  ///< iff PASSED or INCORRECT_NUMERICAL
  std::optional<Performance> performance;  ///< iff PASSED
  Members members;
};

/// A Workload, or what a Solution did with one.
struct Trace {
  std::string definition;
  Workload workload;
  std::optional<std::string> solution;  ///< by name
  std::optional<Evaluation> evaluation;
  Members members;

  /// Neither a solution nor an evaluation: only the Workload is meant.
  [[nodiscard]] bool is_workload() const { return !solution && !evaluation; }
};

/// Reads and checks one Trace as upstream's own model does. Nothing if it has errors.
[[nodiscard]] std::optional<Trace> read_trace(const Json& value, Findings& findings);
[[nodiscard]] Json to_json(const Trace& trace);

}  // namespace fib::registry
