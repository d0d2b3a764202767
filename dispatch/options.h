// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace fib::dispatch {

/// What the user asked for (docs/configuration.md). Strings are never null and live for ever.
struct Options {
  bool shadow_only = false;        ///< FIBSHIM_MODE=shadow: compare everything, replace nothing
  const char* registry = "";       ///< FIB_DATASET_PATH
  const char* cache = "";          ///< FIB_CACHE_PATH; empty: the default place
  std::uint64_t shadow_every = 0;  ///< one in so many redirected launches is verified; 0: none
  const char* report = "";         ///< FIBSHIM_REPORT; empty: none
  const char* demoted = "";        ///< FIBSHIM_DEMOTE: candidates not to use, commas between them
  const char* mismatch_dir = "";   ///< FIBSHIM_MISMATCH_DIR; empty: none
  std::size_t workspace_bytes = std::size_t{32} << 20;  ///< per stream, if a candidate needs any
  std::size_t scratch_bytes = std::size_t{1} << 30;     ///< of shadow verification, per context
};

}  // namespace fib::dispatch
