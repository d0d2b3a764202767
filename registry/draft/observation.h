// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "registry/match/launch_view.h"
#include "registry/match/spec.h"

/// What was recorded of one kernel: plain data, from which a binding is drafted.
namespace fib::registry {

/// Place of an aligned word of 8 bytes in the parameters.
struct WordPlace {
  std::uint32_t parameter = 0, offset = 0;  ///< offset within the parameter
};

/// What a word would be if it were a pointer.
struct PointedMemory {
  std::uint64_t allocation = 0;  ///< number of the allocation that was live then; 0: none
  std::uint64_t offset = 0;      ///< in the allocation
  std::uint64_t bytes = 0;       ///< of the whole allocation
};

enum class Written : std::uint8_t { No, Perhaps, Yes };

/// Launches that are alike.
struct ObservedLaunch {
  std::array<std::uint32_t, match::kGeometryTerms> geometry{1, 1, 1, 1, 1, 1, 1, 1, 1, 0};
  std::vector<std::byte> params;  ///< the buffer, as the layout says
  std::uint64_t count = 1;
  bool has_cluster = false, cooperative = false, dependent = false;
  std::vector<PointedMemory> memory;  ///< by place, as word_places() lists them
  bool changes_known = false;
  std::vector<Written> written;  ///< by place; only if changes_known
};

/// All launches of one kernel with one code.
struct ObservedKernel {
  std::string name, demangled;
  bool layout_known = false;
  std::vector<match::ParamSlot> layout;
  std::optional<match::CodeHash> code;
  std::map<std::int32_t, std::int32_t> attributes;  ///< CUfunction_attribute -> value
  std::string gpu;                                  ///< as CUDA names it; empty: not known
  std::vector<ObservedLaunch> launches;
  std::uint64_t left_out = 0;  ///< further launches, not alike to any of these

  [[nodiscard]] std::uint64_t count() const {
    std::uint64_t sum = left_out;
    for (const ObservedLaunch& launch : launches) sum += launch.count;
    return sum;
  }
};

/// All places of a layout where a pointer could be.
[[nodiscard]] std::vector<WordPlace> word_places(const std::vector<match::ParamSlot>& layout);

}  // namespace fib::registry
