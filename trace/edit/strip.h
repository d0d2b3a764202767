// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "trace/capture.h"

namespace fib::trace {

struct StripSummary {
  std::size_t stripped = 0, kept = 0;  ///< images
  std::uint64_t stripped_bytes = 0;
  std::vector<std::string> warnings;  ///< one line each: logs that could be read in part only
};

/// Copies a capture to `out`, which must not exist yet, without the code of NVIDIA's libraries (see
/// VendorImages). Images that no log names are left out as well. Everything else is copied as it
/// is: records still name the images by their hash, so whoever has the same library can put them
/// back. `out`/stripped.txt lists them: hash, bytes and the reason. Throws CaptureError.
[[nodiscard]] StripSummary strip_vendor_images(const Capture& capture,
                                               const std::filesystem::path& out);

}  // namespace fib::trace
