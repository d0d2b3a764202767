// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "trace/api_args.h"

namespace fib::replayer {

/// One entry point of the driver, as the log numbers it. Does not move: views point into it.
struct ApiEntry {
  std::string name, args;
  std::string_view base;    ///< without _v2, _ptsz and the like: "cuMemcpyHtoD"
  bool per_thread = false;  ///< _ptsz, _ptds: the null stream is the thread's own
  std::vector<trace::ArgSpec> specs;
};

/// The log's numbers for entry points.
class ApiTable {
 public:
  void add(const trace::Api& api);
  /// An entry without a name where the log names none.
  [[nodiscard]] const ApiEntry& operator[](std::uint16_t api) const;
  /// The number of an entry point; 0 where the log does not name it.
  [[nodiscard]] std::uint16_t number_of(std::string_view name) const;
  template <class Visit>
  void each(Visit&& visit) const {
    for (const auto& [number, entry] : entries_) visit(number, entry);
  }

 private:
  std::map<std::uint16_t, ApiEntry> entries_;
};

}  // namespace fib::replayer
