// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

/// Numbers as people read them.
namespace fib::cli {

/// "512 B", "1.50 KiB", "2.00 GiB".
[[nodiscard]] std::string format_bytes(std::uint64_t bytes);
/// "1,234,567".
[[nodiscard]] std::string format_count(std::uint64_t count);
/// "1,234,567 launches", "1 launch". The plural of `noun` is with s, es after ch, s or x.
[[nodiscard]] std::string format_count(std::uint64_t count, const std::string& noun);
/// "12.3 %" of `part` in `whole`; "-" of nothing.
[[nodiscard]] std::string format_share(std::uint64_t part, std::uint64_t whole);
/// "420 ns", "1.23 µs", "4.56 ms", "7.89 s", "3 min 20 s".
[[nodiscard]] std::string format_duration(double nanoseconds);
/// "0x7f0012ab".
[[nodiscard]] std::string format_hex(std::uint64_t value);
/// "13.0" of 13000, as cuDriverGetVersion packs it.
[[nodiscard]] std::string format_cuda_version(int version);
/// "2025-01-31 12:00:00 UTC".
[[nodiscard]] std::string format_unix_time(std::uint64_t unix_ns);

}  // namespace fib::cli
