// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// GPU architectures as CUDA's compilers name them.
namespace fib::build {

/// "sm_90a": code for a GPU. "compute_90": PTX, which a driver compiles. "any": runs on all, which
/// only modules of the simulated driver do.
struct Arch {
  int sm = 0;        ///< 90: compute capability 9.0; 0: any
  char suffix = 0;   ///< 'a': this GPU only; 'f': its family; 0: later minor versions too
  bool ptx = false;  ///< a virtual architecture

  bool operator==(const Arch&) const = default;
};

/// A GPU's compute capability.
struct Capability {
  int major = 0, minor = 0;
};

/// Nothing if the text is no architecture: "sm_90a", "compute_100f", "any".
[[nodiscard]] std::optional<Arch> arch_of(std::string_view text);
[[nodiscard]] std::string to_string(const Arch& arch);

/// Whether code for `arch` runs on such a GPU, by CUDA's rules.
[[nodiscard]] bool runs_on(const Arch& arch, Capability gpu);

/// Which of several architectures a GPU shall get: the one that is made for it most closely, code
/// before PTX. Of equal ones the first. Nothing if none of them runs there.
[[nodiscard]] std::optional<std::size_t> best_for(std::span<const Arch> archs, Capability gpu);

}  // namespace fib::build
