// SPDX-License-Identifier: Apache-2.0
#include "registry/build/gpus.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <utility>

namespace fib::build {
namespace {

// A name that is part of another one (L4 of L40) is told apart by words.
constexpr std::array<std::pair<std::string_view, Capability>, 35> kGpus = {{
    {"V100", {7, 0}},  {"T4", {7, 5}},     {"A100", {8, 0}},   {"A800", {8, 0}},
    {"A30", {8, 0}},   {"A10", {8, 6}},    {"A10G", {8, 6}},   {"A16", {8, 6}},
    {"A40", {8, 6}},   {"A6000", {8, 6}},  {"3080", {8, 6}},   {"3090", {8, 6}},
    {"L4", {8, 9}},    {"L20", {8, 9}},    {"L40", {8, 9}},    {"L40S", {8, 9}},
    {"4080", {8, 9}},  {"4090", {8, 9}},   {"H100", {9, 0}},   {"H800", {9, 0}},
    {"H200", {9, 0}},  {"H20", {9, 0}},    {"GH200", {9, 0}},  {"B100", {10, 0}},
    {"B200", {10, 0}}, {"GB200", {10, 0}}, {"B300", {10, 3}},  {"GB300", {10, 3}},
    {"Thor", {11, 0}}, {"5070", {12, 0}},  {"5080", {12, 0}},  {"5090", {12, 0}},
    {"5060", {12, 0}}, {"GB10", {12, 1}},  {"Spark", {12, 1}},
}};

bool same_word(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::tolower(static_cast<unsigned char>(a[i])) !=
        std::tolower(static_cast<unsigned char>(b[i]))) {
      return false;
    }
  }
  return true;
}

const Capability* capability_of(std::string_view word) {
  for (const auto& [name, capability] : kGpus) {
    if (same_word(name, word)) return &capability;
  }
  return nullptr;
}

}  // namespace

std::uint32_t shared_per_block(const Arch& arch) {
  constexpr std::uint32_t kKib = 1024;
  switch (arch.sm) {
    case 70:
    case 72: return 96 * kKib;
    case 75: return 64 * kKib;
    case 80:
    case 87: return 163 * kKib;
    case 86:
    case 89:
    case 120:
    case 121: return 99 * kKib;
    default: return 227 * kKib;  // 9.0 to 11.0, and whatever is not known
  }
}

std::optional<Arch> arch_of_gpu(std::string_view name) {
  constexpr std::string_view kBetween = " _-/()";
  while (!name.empty()) {
    const std::size_t end = std::min(name.find_first_of(kBetween), name.size());
    if (const Capability* const found = capability_of(name.substr(0, end))) {
      return native_arch(*found);
    }
    name.remove_prefix(std::min(end + 1, name.size()));
  }
  return std::nullopt;
}

Arch native_arch(Capability gpu) {
  const int sm = gpu.major * 10 + gpu.minor;
  return {sm, sm >= 90 ? 'a' : '\0', false};
}

}  // namespace fib::build
