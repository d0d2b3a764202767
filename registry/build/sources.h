// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "registry/build/nvrtc.h"
#include "registry/model/solution.h"

namespace fib::build {

/// What can become a module, by the end of the path.
enum class SourceKind { Cuda, Ptx, Cubin, Fatbin, Simulated, Other };
[[nodiscard]] SourceKind kind_of(std::string_view path);

/// Content of a source: as it is, or of base64 where "encoding": "base64" stands beside it.
struct SourceBytes {
  std::string bytes;
  std::string error;  ///< one clause; empty if all is well
};
[[nodiscard]] SourceBytes bytes_of(const registry::SourceFile& source);

/// A CUDA C++ source with all other texts of the Solution as headers. `#include "x"` finds them as
/// a compiler finds files: beside the including source, then from the Solution's root. Options are
/// for the caller to set. Nothing, and `error` one clause, if a text has a zero byte.
[[nodiscard]] std::optional<CudaSource> cuda_source(const registry::Solution& solution,
                                                    const registry::SourceFile& main,
                                                    std::string& error);

}  // namespace fib::build
