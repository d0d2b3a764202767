// SPDX-License-Identifier: Apache-2.0
#include "registry/build/arch.h"

#include <charconv>
#include <system_error>

namespace fib::build {
namespace {

constexpr int kSmallestSm = 50, kLargestSm = 999;

// The closer an architecture is to a GPU that it runs on, the more it is worth.
int worth(const Arch& arch) {
  const int kind = arch.suffix == 'a' ? 2 : arch.suffix == 'f' ? 1 : 0;
  return (arch.ptx ? 0 : 10'000) + arch.sm * 3 + kind;
}

}  // namespace

std::optional<Arch> arch_of(std::string_view text) {
  if (text == "any") return Arch{};
  Arch arch;
  if (text.starts_with("sm_")) {
    text.remove_prefix(3);
  } else if (text.starts_with("compute_")) {
    text.remove_prefix(8);
    arch.ptx = true;
  } else {
    return std::nullopt;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), arch.sm);
  if (error != std::errc() || arch.sm < kSmallestSm || arch.sm > kLargestSm) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text == "a" || text == "f") arch.suffix = text.front();
  return text.empty() || arch.suffix != 0 ? std::optional(arch) : std::nullopt;
}

std::string to_string(const Arch& arch) {
  if (arch.sm == 0) return "any";
  std::string text = (arch.ptx ? "compute_" : "sm_") + std::to_string(arch.sm);
  if (arch.suffix != 0) text += arch.suffix;
  return text;
}

bool runs_on(const Arch& arch, Capability gpu) {
  if (arch.sm == 0) return true;
  const int major = arch.sm / 10, minor = arch.sm % 10;
  if (arch.suffix == 'a') return gpu.major == major && gpu.minor == minor;
  // A family's members share the major version, like the GPUs that code without a suffix runs on.
  if (arch.suffix == 'f' || !arch.ptx) return gpu.major == major && gpu.minor >= minor;
  return gpu.major > major || (gpu.major == major && gpu.minor >= minor);
}

std::optional<std::size_t> best_for(std::span<const Arch> archs, Capability gpu) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < archs.size(); ++i) {
    if (!runs_on(archs[i], gpu)) continue;
    if (!best || worth(archs[i]) > worth(archs[*best])) best = i;
  }
  return best;
}

}  // namespace fib::build
