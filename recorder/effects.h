// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regex.h>

#include <cstddef>
#include <span>
#include <string_view>

#include "recorder/live.h"
#include "trace/format.h"

/// Launches that can't run alone: they wait for another process or GPU, or take their input from
/// there. A replay writes what they changed instead.
namespace fib::recorder {

struct KernelInfo;

/// What the name of a kernel tells. Asked once a kernel.
class EffectNames {
 public:
  /// `pattern`: kernels that the user says can't run alone, as a POSIX extended regular expression
  /// over mangled names; empty for none.
  explicit EffectNames(const char* pattern) noexcept;
  ~EffectNames();
  EffectNames(const EffectNames&) = delete;
  EffectNames& operator=(const EffectNames&) = delete;

  /// Pattern, Name (a communication library's) or None. `name` ends with a NUL.
  [[nodiscard]] trace::EffectReason of(std::string_view name) const noexcept;

 private:
  regex_t pattern_{};
  bool has_pattern_ = false;
};

/// Of one launch with these parameters. Cheap, for windows; no allocation.
[[nodiscard]] trace::EffectReason effect_of(const Live& live, const KernelInfo& kernel,
                                            std::span<const std::byte> params) noexcept;

}  // namespace fib::recorder
