// SPDX-License-Identifier: Apache-2.0
#include "recorder/effects.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "recorder/kernels.h"
#include "recorder/rt_log.h"

namespace fib::recorder {
namespace {

using trace::EffectReason;

/// NCCL; NVSHMEM; the all-reduces of vLLM, SGLang, FlashInfer, TensorRT-LLM and PyTorch's symmetric
/// memory; DeepEP; Transformer Engine. Compared without case and underscores.
constexpr std::string_view kLibraryWords[] = {
    "nccldevkernel", "ncclkernel",        "nvshmem",  "allreduce", "allgather",  "reducescatter",
    "alltoall",      "crossdevicereduce", "multimem", "deepep",    "userbuffers"};

/// "warpAllReduce" and its like stay within a GPU.
constexpr std::string_view kLocalScopes[] = {"warp", "block", "thread", "quad"};

bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_capital(char c) noexcept { return c >= 'A' && c <= 'Z'; }
char lower(char c) noexcept { return is_capital(c) ? static_cast<char>(c + ('a' - 'A')) : c; }

/// Whether `text` begins with `word`.
bool begins_with(std::string_view text, std::string_view word) noexcept {
  for (const char c : text) {
    if (word.empty()) break;
    if (c == '_') continue;
    if (lower(c) != word.front()) return false;
    word.remove_prefix(1);
  }
  return word.empty();
}

bool ends_with(std::string_view text, std::string_view word) noexcept {
  while (!text.empty() && text.back() == '_') text.remove_suffix(1);
  return text.size() >= word.size() && begins_with(text.substr(text.size() - word.size()), word);
}

/// Where a word may begin: "small_gather" holds no "all_gather".
bool is_boundary(std::string_view name, std::size_t at) noexcept {
  return name[at] != '_' && (at == 0 || !is_letter(name[at - 1]) || is_capital(name[at]));
}

bool is_communication(std::string_view name) noexcept {
  for (std::size_t at = 0; at < name.size(); ++at) {
    if (!is_boundary(name, at)) continue;
    const auto begins = [&](std::string_view word) { return begins_with(name.substr(at), word); };
    const auto before = [&](std::string_view word) { return ends_with(name.substr(0, at), word); };
    if (std::ranges::any_of(kLibraryWords, begins) && std::ranges::none_of(kLocalScopes, before))
      return true;
  }
  return false;
}

}  // namespace

EffectNames::EffectNames(const char* pattern) noexcept {
  if (pattern[0] == '\0') return;
  if (const int error = regcomp(&pattern_, pattern, REG_EXTENDED | REG_NOSUB); error != 0) {
    char text[200];
    regerror(error, &pattern_, text, sizeof text);
    say("the pattern '%s' of kernels that can't run alone is not a POSIX extended regular "
        "expression (%s); it is ignored",
        pattern, text);
    return;
  }
  has_pattern_ = true;
}

EffectNames::~EffectNames() {
  if (has_pattern_) regfree(&pattern_);
}

EffectReason EffectNames::of(std::string_view name) const noexcept {
  if (has_pattern_ && regexec(&pattern_, name.data(), 0, nullptr, 0) == 0)
    return EffectReason::Pattern;
  return is_communication(name) ? EffectReason::Name : EffectReason::None;
}

EffectReason effect_of(const Live& live, const KernelInfo& kernel,
                       std::span<const std::byte> params) noexcept {
  if (kernel.effect != EffectReason::None) return kernel.effect;
  if (!live.had_foreign()) return EffectReason::None;
  // Pointers stand at multiples of their size, also within structures.
  for (std::size_t at = 0; at + sizeof(std::uint64_t) <= params.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, params.data() + at, sizeof word);
    if (live.is_foreign(word)) return EffectReason::Foreign;
  }
  return EffectReason::None;
}

}  // namespace fib::recorder
