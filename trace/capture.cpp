// SPDX-License-Identifier: Apache-2.0
#include "trace/capture.h"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <system_error>

namespace fib::trace {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPartial = ".partial";
constexpr std::string_view kLogName = "log.fib";

[[noreturn]] void fail(const fs::path& path, const std::string& why) {
  throw CaptureError(path.string() + ": " + why);
}

std::string reason(const std::error_code& error) { return " (" + error.message() + ")"; }

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

ProcessLog process_at(const fs::path& log) {
  ProcessLog process{"", true, log.parent_path(), log};
  process.name = process.directory.filename().string();
  if (process.name.ends_with(kPartial)) {
    process.name.resize(process.name.size() - kPartial.size());
    process.closed = false;
  }
  return process;
}

/// Takes one run of digits, or one other character, off the front.
std::string_view take_part(std::string_view& text) {
  const auto digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
  std::size_t length = 1;
  if (digit(text[0])) {
    while (length < text.size() && digit(text[length])) ++length;
  }
  const std::string_view part = text.substr(0, length);
  text.remove_prefix(length);
  return part;
}

/// rank2 before rank10.
bool natural_less(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    const auto left = take_part(a);
    const auto right = take_part(b);
    if (left == right) continue;
    if (left.size() != right.size()) return left.size() < right.size();
    return left < right;
  }
  return a.size() < b.size();
}

std::vector<ProcessLog> processes_in(const fs::path& directory) {
  std::error_code error;
  fs::directory_iterator entry(directory, error);
  std::vector<ProcessLog> found;
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const fs::path log = entry->path() / kLogName;
    if (is_file(log)) found.push_back(process_at(log));
  }
  if (error) fail(directory, "cannot be listed" + reason(error) + "; check its permissions");
  std::sort(found.begin(), found.end(), [](const ProcessLog& a, const ProcessLog& b) {
    if (a.name != b.name) return natural_less(a.name, b.name);
    return a.closed && !b.closed;
  });
  return found;
}

/// Absolute, so that a relative "." or "log.fib" has a name and a parent; no trailing slash.
fs::path whole_path(const fs::path& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  if (error || path.empty()) fail(path, "no such capture; give the directory of a capture");
  const fs::path whole = absolute.lexically_normal();
  return whole.has_filename() ? whole : whole.parent_path();
}

Capture single_process(const fs::path& log) {
  return {log.parent_path().parent_path(), {process_at(log)}};
}

}  // namespace

Capture open_capture(const fs::path& path) {
  const fs::path whole = whole_path(path);
  std::error_code error;
  const fs::file_status status = fs::status(whole, error);
  if (!fs::exists(status)) {
    fail(path, "no such capture" + reason(error) + "; check the path");
  }
  if (fs::is_regular_file(status)) return single_process(whole);
  if (!fs::is_directory(status)) fail(path, "not a directory; give the directory of a capture");
  if (is_file(whole / kLogName)) return single_process(whole / kLogName);
  Capture capture{whole, processes_in(whole)};
  if (capture.processes.empty()) {
    fail(path,
         "no recorded process in it; either it is not a capture, or the command never used the "
         "CUDA driver (`fib doctor -- CMD` tells)");
  }
  return capture;
}

std::string hash_hex(std::span<const std::uint8_t, 16> hash) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : hash) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

fs::path image_path(const Capture& capture, std::span<const std::uint8_t, 16> hash) {
  return capture.directory / "images" / hash_hex(hash);
}

}  // namespace fib::trace
