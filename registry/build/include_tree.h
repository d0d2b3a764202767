// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace fib::build {

/// What a directory of headers holds, as one hash.
struct TreeHash {
  std::string digits;  ///< 32 hexadecimal digits of all paths and contents
  std::string error;   ///< one line; empty if all is well
};

/// Reads everything below `directory`, files behind links included. At most 100,000 files and 1
/// GiB: a directory of headers is meant, not a home directory.
[[nodiscard]] TreeHash hash_of_tree(const std::filesystem::path& directory);

}  // namespace fib::build
