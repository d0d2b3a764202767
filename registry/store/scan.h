// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "registry/model/finding.h"

namespace fib::registry {

/// The regular files with this suffix below `root`/`folder`, relative to `root`, sorted. Hidden
/// files and directories are passed over, like those that are being written. Directories behind
/// links, and, unless `follow_links`, files behind links out of `root`, are refused with a finding.
[[nodiscard]] std::vector<std::string> scan_files(const std::filesystem::path& root,
                                                  std::string_view folder, std::string_view suffix,
                                                  bool follow_links, Findings& findings);

}  // namespace fib::registry
