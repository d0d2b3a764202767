// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <climits>
#include <cstddef>
#include <cstdint>
#include <span>

#include "trace/records.h"

namespace fib::recorder {

/// Puts `content` under <directory>/<hash in hex>, unless it is there already. Written under a
/// temporary name and renamed, so that other processes never see half of it. 0 or an errno.
[[nodiscard]] int store_content(const char* directory, const trace::Hash& hash,
                                std::span<const std::byte> content) noexcept;

/// Where that is. False if the path is too long.
[[nodiscard]] bool content_path(char (&path)[PATH_MAX], const char* directory,
                                const trace::Hash& hash) noexcept;

}  // namespace fib::recorder
