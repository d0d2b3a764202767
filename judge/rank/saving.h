// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "judge/rank/result.h"

/// What candidates would save the engine, by how often it ran each workload. Times in milliseconds
/// of GPU over the whole recording.
namespace fib::judge {

/// What one result says about the recording: weight x (incumbent - candidate). Nothing unless it
/// passed and its verdict is clear.
struct SavedTime {
  double ms = 0;
  std::optional<double> low_ms, high_ms;  ///< from the interval of the speedup
};
[[nodiscard]] std::optional<SavedTime> saved_time(const Result& result);

/// One Solution on one GPU model.
struct Saving {
  std::string gpu, definition, solution, author;
  std::uint64_t faster = 0, slower = 0, unclear = 0, unknown = 0, failed = 0;  ///< workloads
  double saved_ms = 0;  ///< over workloads with a clear verdict; negative: it loses
  std::optional<double> low_ms, high_ms;  ///< ends of all intervals added up; if all have one
  double gained_ms = 0;                   ///< over those where it is faster
  double incumbent_ms = 0;                ///< that the incumbent takes, over all that were measured
  bool weighed = true;  ///< false: of some workloads nobody counted how often they ran

  [[nodiscard]] std::uint64_t workloads() const {
    return faster + slower + unclear + unknown + failed;
  }
};
/// `results`: newest(). By GPU, most saved first, then by name.
[[nodiscard]] std::vector<Saving> savings(std::span<const Result> results);

/// The best that the candidates could do for a GPU model together.
struct TotalSaving {
  std::string gpu;
  std::uint64_t workloads = 0;  ///< with a measured incumbent
  std::uint64_t improved = 0;   ///< for which a candidate is clearly faster
  double incumbent_ms = 0;      ///< that the incumbents take
  double saved_ms = 0;          ///< each improved workload by its best candidate
  bool weighed = true;
};
/// Candidates that failed on any workload of the GPU are left out, as in redirecting.
[[nodiscard]] std::vector<TotalSaving> total_savings(std::span<const Result> results);

}  // namespace fib::judge
