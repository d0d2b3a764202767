// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "registry/match/launch_spec.h"
#include "registry/match/launch_view.h"
#include "registry/match/name_pattern.h"

/// What a MatchTable is built from: plain data, expressions as text. docs/bindings.md says what
/// each field means and how it is written in JSON.
namespace fib::match {

/// Name of an image's or a kernel's code, as the capture has it (trace::Hash).
using CodeHash = std::array<std::uint8_t, 16>;

struct AxisSpec {
  std::string name;
  std::optional<std::int64_t> value;  ///< of a constant axis
};

struct TensorSpec {
  std::string name;
  std::string dtype;               ///< "bfloat16"
  std::uint32_t bits = 0;          ///< of one element
  bool is_scalar = false;          ///< a scalar of the host language: no tensor
  std::vector<std::string> shape;  ///< names of axes
};

struct DefinitionSpec {
  std::string name;
  std::vector<AxisSpec> axes;
  std::vector<TensorSpec> inputs, outputs;
};

/// Where one axis stands in the launch.
struct AxisBinding {
  std::string axis;
  std::string expression;              ///< empty: see below
  std::optional<std::int64_t> stated;  ///< no expression: the value that the match implies;
                                       ///< neither: the launch does not show it
};

/// Where one input or output stands in the launch.
struct TensorBinding {
  std::string tensor;
  std::string expression;            ///< a tensor's address, a scalar's value
  std::string dtype;                 ///< as the kernel takes it; empty: the Definition's
  std::string bytes;                 ///< extent, an expression; empty: from shape and dtype
  std::vector<std::string> strides;  ///< in elements; empty: the match implies a contiguous tensor
  bool disjoint = false;             ///< the author vouches that no output overlaps it
};

/// One binding: a launch of such a kernel is an instance of that Definition.
struct RuleSpec {
  std::string origin, name, definition;
  NameMatch kind = NameMatch::Exact;
  std::string pattern;
  bool demangled = false;  ///< the pattern describes the demangled name
  std::optional<std::vector<ParamSlot>> layout;
  std::optional<CodeHash> image, code;
  std::vector<std::string> conditions;  ///< over the launch and constant axes
  std::vector<AxisBinding> axes;
  std::vector<TensorBinding> inputs, outputs;
  std::vector<std::string> checks;  ///< over all that is bound
  int priority = 0;                 ///< of several rules for a kernel the highest is tried first
};

/// What a candidate demands of a tensor.
struct TensorDemand {
  std::uint32_t alignment = 16;  ///< of the address, bytes; 1: none
  std::uint32_t tail = 16;       ///< rows are a multiple of so many bytes; 1: any
};

/// A Solution that the driver can launch.
struct CandidateSpec {
  std::string origin, name, definition;
  LaunchSpec launch;
  std::vector<std::string> conditions;          ///< over axes, scalars and the launch
  std::map<std::string, TensorDemand> demands;  ///< others have TensorDemand's defaults
  /// (output, input): may be the very same memory.
  std::vector<std::pair<std::string, std::string>> in_place;
};

/// One result of a candidate on one workload and GPU, the newest there is.
struct Measurement {
  std::string candidate, definition, gpu, workload;
  std::map<std::string, std::int64_t> axes;
  bool passed = false;
  double max_absolute_error = 0, max_relative_error = 0;
  double latency_ms = 0;
  double weight = 1;             ///< how often the workload occurs
  std::optional<CodeHash> code;  ///< of the incumbent, if that is known
  /// Against the incumbent, which the launch would run otherwise: the ratio, and the lower bound of
  /// its confidence interval at `confidence`. Nothing if it was not compared.
  struct Speedup {
    double ratio = 0;
    std::optional<double> low;
    double confidence = 0;
  };
  std::optional<Speedup> speedup;
};

enum class OnMiss : std::uint8_t { FallbackOnly, UseDefinitionBest };

struct Policy {
  bool enabled = true;
  /// A result counts if either holds for all elements; nothing: by the outputs' dtypes.
  std::optional<double> max_absolute_error, max_relative_error;
  double min_speedup = 1.02;
  double confidence = 0.95;        ///< that the speedup is at least that
  bool require_confidence = true;  ///< a ratio without an interval does not count
  OnMiss on_miss = OnMiss::FallbackOnly;
  bool ranges = true;
  std::optional<std::vector<std::string>> range_axes;  ///< nothing: all that vary
  double range_ratio = 4;  ///< neighbours further apart than this factor say nothing
  std::string pin;         ///< a candidate to use whatever was measured
  /// Results count only for kernels with the code that they were measured against.
  bool same_code = false;
};

struct TableSpec {
  std::vector<DefinitionSpec> definitions;
  std::vector<RuleSpec> rules;
  std::vector<CandidateSpec> candidates;
  std::vector<Measurement> measurements;
  Policy default_policy;
  std::map<std::string, Policy> policies;  ///< per Definition
};

}  // namespace fib::match
