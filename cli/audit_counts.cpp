// SPDX-License-Identifier: Apache-2.0
//
// Reading the files that witnesses leave behind.
#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>

#include "cli/audit_compare.h"
#include "cli/exit_codes.h"

namespace fib::cli {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void damaged(const fs::path& path, const std::string& why) {
  throw CliError(kExitUsage, path.string() + " is no count file (" + why +
                                 "): remove it and run the audit again");
}

WitnessCounts read_json(const fs::path& path) try {
  std::ifstream file(path);
  const nlohmann::json json = nlohmann::json::parse(file);
  WitnessCounts counts;
  counts.pid = json.at("pid").get<std::uint32_t>();
  counts.command = json.at("command").get<std::string>();
  counts.kernels = json.at("kernels").get<KernelCounts>();
  counts.dropped = json.at("dropped").get<std::uint64_t>();
  counts.error = json.value("error", "");
  return counts;
} catch (const nlohmann::json::exception& error) {
  damaged(path, error.what());
}

// Counters that rewrite their lines in place pad them with blanks, and their file with zeros.
std::string_view trimmed(std::string_view line) {
  constexpr std::string_view kPadding(" \0", 2);
  const std::size_t first = line.find_first_not_of(kPadding);
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(kPadding) + 1 - first);
}

WitnessCounts read_lines(const fs::path& path, std::uint32_t pid) {
  WitnessCounts counts;
  counts.pid = pid;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::string_view text = trimmed(line);
    if (text.empty()) continue;
    std::uint64_t count = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, count);
    if (error != std::errc() || rest == end || *rest != ' ') damaged(path, "line '" + line + "'");
    counts.kernels[std::string(rest + 1, end)] += count;
  }
  return counts;
}

// Calls `use(path, middle)` for files named `before` + middle + `after`, in order of names.
template <typename Use>
void for_each_file(const fs::path& directory, const std::string& before, const std::string& after,
                   Use use) {
  std::vector<fs::path> paths;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  for (const fs::path& path : paths) {
    const std::string name = path.filename().string();
    if (name.size() <= before.size() + after.size() || !name.starts_with(before) ||
        !name.ends_with(after)) {
      continue;
    }
    use(path, name.substr(before.size(), name.size() - before.size() - after.size()));
  }
}

}  // namespace

std::vector<WitnessCounts> read_cupti_counts(const std::string& directory) {
  std::vector<WitnessCounts> counts;
  for_each_file(directory, "audit-", ".json", [&](const fs::path& path, const std::string&) {
    counts.push_back(read_json(path));
  });
  return counts;
}

std::vector<WitnessCounts> read_count_files(const std::string& file) {
  const fs::path base = fs::absolute(file);
  std::vector<WitnessCounts> counts;
  for_each_file(base.parent_path(), base.filename().string() + '.', "",
                [&](const fs::path& path, const std::string& middle) {
                  std::uint32_t pid = 0;
                  const char* end = middle.data() + middle.size();
                  const auto [rest, error] = std::from_chars(middle.data(), end, pid);
                  if (error == std::errc() && rest == end) counts.push_back(read_lines(path, pid));
                });
  return counts;
}

}  // namespace fib::cli
