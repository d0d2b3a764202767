// SPDX-License-Identifier: Apache-2.0
#include "cli/output_distance.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string_view>
#include <vector>

#include "cli/array_file.h"
#include "cli/exit_codes.h"
#include "cli/units.h"

namespace fib::cli {
namespace {

OutputDistance equal() { return {true, 0, "equal bit for bit"}; }
OutputDistance immeasurable(std::string why) {
  return {false, std::numeric_limits<double>::infinity(), std::move(why)};
}

std::string number(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3g", value);
  return text.data();
}

std::vector<std::string_view> words_of(const std::string& text) {
  constexpr std::string_view kBetween = " \t\r\n,";
  std::vector<std::string_view> words;
  for (std::size_t at = 0; (at = text.find_first_not_of(kBetween, at)) != std::string::npos;) {
    const std::size_t end = std::min(text.find_first_of(kBetween, at), text.size());
    words.push_back(std::string_view(text).substr(at, end - at));
    at = end;
  }
  return words;
}

struct File {
  std::string text;
  bool is_there = false;
};

File read(const std::filesystem::path& path) {
  std::error_code error;
  File file;
  if (!std::filesystem::is_regular_file(path, error)) return file;
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  file.is_there = in.good() || in.eof();
  file.text = std::move(text).str();
  return file;
}

/// Root mean squares of the difference and of the first array; NaN where only one has a NaN or an
/// infinity, or another one.
struct Sums {
  double difference = 0, before = 0, largest = 0;
};

Sums sums_of(const NamedArray& before, const NamedArray& after) {
  Sums sums;
  const std::uint64_t count = before.elements();
  for (std::uint64_t i = 0; i < count; ++i) {
    const double a = before.value(i), b = after.value(i);
    if (!std::isfinite(a) || !std::isfinite(b)) {
      if (a == b || (std::isnan(a) && std::isnan(b))) continue;
      sums.difference = std::numeric_limits<double>::quiet_NaN();
      return sums;
    }
    sums.difference += (a - b) * (a - b);
    sums.before += a * a;
    sums.largest = std::max(sums.largest, std::abs(a - b));
  }
  return sums;
}

OutputDistance array_distance(const NamedArray& before, const NamedArray& after) {
  const std::string name = before.name.empty() ? "" : before.name + ": ";
  if (before.name != after.name || before.shape != after.shape || before.dtype != after.dtype)
    return immeasurable(name + "other names, shapes or types");
  if (before.bytes == after.bytes) return equal();
  if (!is_numeric(before.dtype)) return immeasurable(name + "other bytes of type " + before.dtype);
  const Sums sums = sums_of(before, after);
  if (std::isnan(sums.difference)) return immeasurable(name + "NaN or infinity elsewhere");
  const double scale = sums.before > 0 ? sums.before : 1;
  const double relative = std::sqrt(sums.difference / scale);
  return {false, relative,
          name + "relative difference " + number(relative) + ", largest " + number(sums.largest)};
}

OutputDistance arrays_distance(const std::filesystem::path& before,
                               const std::filesystem::path& after) {
  const auto first = read_arrays(before), second = read_arrays(after);
  if (first.size() != second.size()) return immeasurable("another number of arrays");
  OutputDistance worst = equal();
  for (std::size_t i = 0; i < first.size(); ++i) {
    const OutputDistance here = array_distance(first[i], second[i]);
    if (!here.equal && (worst.equal || here.distance > worst.distance)) worst = here;
  }
  return worst;
}

}  // namespace

OutputDistance text_distance(const std::string& before, const std::string& after) {
  if (before == after) return equal();
  if (before.find('\0') != std::string::npos || after.find('\0') != std::string::npos)
    return immeasurable("other bytes");
  const auto first = words_of(before), second = words_of(after);
  const std::size_t common = std::min(first.size(), second.size());
  const std::size_t all = std::max<std::size_t>(std::max(first.size(), second.size()), 1);
  std::size_t different = all - common;
  for (std::size_t i = 0; i < common; ++i) different += first[i] != second[i] ? 1 : 0;
  if (different == 0) return {false, 0, "the same words, other blanks"};
  return {false, static_cast<double>(different) / static_cast<double>(all),
          format_share(different, all) + " of " + format_count(all, "word") + " differ"};
}

OutputDistance distance_of(const std::filesystem::path& before,
                           const std::filesystem::path& after) try {
  const File first = read(before), second = read(after);
  if (!first.is_there || !second.is_there) return immeasurable("was not written");
  if (first.text == second.text) return equal();
  return is_array_file(before) ? arrays_distance(before, after)
                               : text_distance(first.text, second.text);
} catch (const CliError& error) {
  return immeasurable(error.what());
}

}  // namespace fib::cli
