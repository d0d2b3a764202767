// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/build/cubin.h"
#include "registry/build/triton.h"
#include "registry/model/definition.h"
#include "registry/model/solution.h"

namespace fib::build {

/// What Triton's cache has of one kernel.
struct TritonKernel {
  std::string stem;  ///< of its files: "norm_kernel"
  std::string cubin, metadata;
  std::string ttir;  ///< Triton's own form, for types and what it specialised for; may be empty
  TritonMetadata launch;
  CubinInfo code;
};

/// A kernel, or why there is none.
struct FoundTriton {
  std::optional<TritonKernel> kernel;
  std::string error;  ///< one line; empty if all is well
};

/// Reads NAME.cubin and NAME.json; `path` is one of them, or a directory of Triton's cache that has
/// one such pair.
[[nodiscard]] FoundTriton find_triton(const std::filesystem::path& path);

/// A parameter as Triton's own form declares it.
struct TritonParameter {
  std::string name, type;  ///< "%n_cols", "i32" or "!tt.ptr<bf16>"
  bool divisible = false;  ///< the code takes it for granted that 16 divides it
};
/// Parameters of the public function of this name; empty if it is not there.
[[nodiscard]] std::vector<TritonParameter> triton_parameters(std::string_view ttir,
                                                             std::string_view name);

struct DraftNames {
  std::string name, author, definition;
};

/// A Solution that launches the kernel. What Triton does not tell is written as a name in
/// backquotes that begins with "fill in": as long as one is left the Solution can't be bound.
/// Tensors are named in the Definition's order if there is one.
[[nodiscard]] registry::Solution triton_draft(const TritonKernel& kernel, const DraftNames& names,
                                              const registry::Definition* definition);

}  // namespace fib::build
