// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "driver/cuda_abi.h"
#include "replayer/deviations.h"
#include "trace/format.h"

namespace fib::replayer {

/// Options of a load, without those that are addresses in the recorded process.
template <class Option>
struct LoadOptions {
  std::vector<Option> options;
  std::vector<void*> values;

  [[nodiscard]] unsigned count() const { return static_cast<unsigned>(options.size()); }
};

[[nodiscard]] LoadOptions<CUjit_option> jit_options(std::span<const trace::LoadOption> recorded,
                                                    Deviations& deviations);
[[nodiscard]] LoadOptions<CUlibraryOption> library_options(
    std::span<const trace::LoadOption> recorded);

}  // namespace fib::replayer
