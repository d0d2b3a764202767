// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "judge/rank/field.h"

/// fast_p and win@p, by the definitions of FlashInfer-Bench.
namespace fib::judge {

/// What a Solution, or with win@p an author, made of one workload.
struct Attempt {
  std::string definition, workload, solution, author;
  double ratio = 0;  ///< baseline's latency / candidate's; 0: it failed
};

/// Pairs of a workload and a Solution, where there is a baseline's latency. Of several results of a
/// Solution the last that passed counts, of the baseline's the first; the baseline's own Solution
/// is no attempt. Throws RankError where the baseline's author has several Solutions.
[[nodiscard]] std::vector<Attempt> fast_attempts(const Field& field);

/// Pairs of a workload and an author. Of several results of an author the fastest counts. The
/// baseline is the author's that is named, whatever the case of its letters, or where it has not
/// passed the fastest one of the workload; it is no attempt.
[[nodiscard]] std::vector<Attempt> win_attempts(const Field& field);

/// Which ratios reach p. The paper has fast_p with >, FlashInfer-Bench's page draws it with >=;
/// win@p is with >.
enum class Threshold : std::uint8_t { Above, AtLeast };

struct Share {
  std::uint64_t reached = 0, attempted = 0;
  [[nodiscard]] double value() const {
    return attempted == 0 ? 0 : static_cast<double>(reached) / static_cast<double>(attempted);
  }
};
[[nodiscard]] Share share_of(std::span<const double> ratios, double p, Threshold threshold);

enum class GroupBy : std::uint8_t { Solution, Author };
/// The ratios of each group, ascending.
[[nodiscard]] std::map<std::string, std::vector<double>> ratios_by(
    std::span<const Attempt> attempts, GroupBy by);

/// How much of what could have been tried an author has tried.
struct Coverage {
  std::uint64_t attempted = 0, possible = 0;  ///< possible: workloads times Solutions
};
/// By author, of `fast_attempts(field)`; workloads are those that have a baseline.
[[nodiscard]] std::map<std::string, Coverage> coverage_of(const Field& field,
                                                          std::span<const Attempt> attempts);

}  // namespace fib::judge
