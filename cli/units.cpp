// SPDX-License-Identifier: Apache-2.0
#include "cli/units.h"

#include <array>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <ctime>

namespace fib::cli {
namespace {

template <typename... Values>
std::string print(const char* format, Values... values) {
  std::array<char, 96> text{};
  const int length = std::snprintf(text.data(), text.size(), format, values...);
  return {text.data(), static_cast<std::size_t>(length)};
}

std::string plural(const std::string& noun) {
  const auto ends = [&](const char* end) { return noun.ends_with(end); };
  return ends("ch") || ends("s") || ends("x") ? noun + "es" : noun + "s";
}

}  // namespace

std::string format_bytes(std::uint64_t bytes) {
  if (bytes < 1024) return print("%" PRIu64 " B", bytes);
  constexpr std::array units = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < units.size()) {
    value /= 1024;
    ++unit;
  }
  return print(value < 10 ? "%.2f %s" : "%.1f %s", value, units[unit]);
}

std::string format_count(std::uint64_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, 1, ',');
  return digits;
}

std::string format_count(std::uint64_t count, const std::string& noun) {
  return format_count(count) + ' ' + (count == 1 ? noun : plural(noun));
}

std::string format_share(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "-";
  return print("%.1f %%", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string format_duration(double nanoseconds) {
  if (nanoseconds < 0) return std::string("-").append(format_duration(-nanoseconds));
  if (nanoseconds < 1e3) return print("%.0f ns", nanoseconds);
  if (nanoseconds < 1e6) return print("%.2f µs", nanoseconds / 1e3);
  if (nanoseconds < 1e9) return print("%.2f ms", nanoseconds / 1e6);
  if (nanoseconds < 120e9) return print("%.2f s", nanoseconds / 1e9);
  const double seconds = std::floor(nanoseconds / 1e9);
  return print("%.0f min %.0f s", std::floor(seconds / 60), std::fmod(seconds, 60));
}

std::string format_hex(std::uint64_t value) { return print("0x%" PRIx64, value); }

std::string format_cuda_version(int version) {
  return print("%d.%d", version / 1000, version % 1000 / 10);
}

std::string format_unix_time(std::uint64_t unix_ns) {
  const auto seconds = static_cast<std::time_t>(unix_ns / 1'000'000'000);
  std::tm broken_down{};
  std::array<char, 64> text{};
  gmtime_r(&seconds, &broken_down);
  const std::size_t length =
      std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &broken_down);
  return {text.data(), length};
}

}  // namespace fib::cli
