// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "registry/draft/fields.h"
#include "registry/draft/observation.h"

namespace fib::registry::testing {

/// Recorded launches of one kernel, made by hand. Allocations have numbers; a pointer is a number
/// and an offset.
class Launches {
 public:
  Launches(std::string name, std::string demangled, const std::vector<std::uint32_t>& sizes) {
    kernel_.name = std::move(name);
    kernel_.demangled = std::move(demangled);
    kernel_.gpu = "NVIDIA H200";
    kernel_.layout_known = true;
    std::uint32_t end = 0;
    for (const std::uint32_t size : sizes) {
      const std::uint32_t alignment = size % 8 == 0 ? 8 : size;
      end = (end + alignment - 1) / alignment * alignment;
      kernel_.layout.push_back({end, size});
      end += size;
    }
    bytes_ = end;
  }

  Launches& allocation(std::uint64_t number, std::uint64_t bytes) {
    allocations_.push_back({number, bytes});
    return *this;
  }
  /// The next launch.
  Launches& launch(std::uint32_t grid_x, std::uint32_t block_x, std::uint64_t count = 1) {
    ObservedLaunch& launch = kernel_.launches.emplace_back();
    launch.geometry[0] = grid_x;
    launch.geometry[3] = block_x;
    launch.params.resize(bytes_);
    launch.count = count;
    launch.memory.resize(word_places(kernel_.layout).size());
    return *this;
  }
  template <typename Value>
  Launches& value(std::uint32_t parameter, Value value, std::uint32_t offset = 0) {
    std::memcpy(last().params.data() + kernel_.layout[parameter].offset + offset, &value,
                sizeof value);
    return *this;
  }
  Launches& pointer(std::uint32_t parameter, std::uint64_t allocation, std::uint64_t within = 0,
                    std::uint32_t offset = 0) {
    value(parameter, allocation << 32 | within, offset);
    PointedMemory& memory = last().memory[place(parameter, offset)];
    for (const auto& [number, bytes] : allocations_) {
      if (number == allocation) memory = {number, within, bytes};
    }
    return *this;
  }
  Launches& written(std::uint32_t parameter, Written written = Written::Yes,
                    std::uint32_t offset = 0) {
    last().changes_known = true;
    last().written.resize(last().memory.size());
    last().written[place(parameter, offset)] = written;
    return *this;
  }
  ObservedLaunch& last() { return kernel_.launches.back(); }
  ObservedKernel& kernel() { return kernel_; }

 private:
  [[nodiscard]] std::size_t place(std::uint32_t parameter, std::uint32_t offset) const {
    const auto places = word_places(kernel_.layout);
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (places[i].parameter == parameter && places[i].offset == offset) return i;
    }
    return 0;
  }

  ObservedKernel kernel_;
  std::uint32_t bytes_ = 0;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> allocations_;
};

}  // namespace fib::registry::testing
