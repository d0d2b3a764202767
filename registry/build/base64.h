// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fib::build {

/// Bytes of base64 text (RFC 4648, with padding); white space is passed over. Nothing if it is
/// none.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);
[[nodiscard]] std::string to_base64(std::string_view bytes);

}  // namespace fib::build
