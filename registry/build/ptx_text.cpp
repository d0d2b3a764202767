// SPDX-License-Identifier: Apache-2.0
// What texts of the PTX tool chain say: PTX itself, and what ptxas prints.
#include <algorithm>
#include <charconv>
#include <map>
#include <system_error>

#include "registry/build/cubin.h"

namespace fib::build {
namespace {

constexpr std::string_view kWhiteSpace = " \t\r\n";

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$' || c == '%';
}

std::string_view name_at(std::string_view text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_name);
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

/// PTX with its comments taken out.
std::string without_comments(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t start = std::min(text.find("//"), text.find("/*"));
    result += text.substr(0, start);
    if (start == std::string_view::npos) break;
    const bool is_line = text[start + 1] == '/';
    const std::size_t end = text.find(is_line ? "\n" : "*/", start + 2);
    if (end == std::string_view::npos) break;
    result += ' ';
    text.remove_prefix(end + (is_line ? 0 : 2));
  }
  return result;
}

/// The name behind each directive like ".entry".
std::vector<std::string> names_behind(std::string_view directive, std::string_view text) {
  std::vector<std::string> names;
  for (std::size_t at = text.find(directive); at != std::string_view::npos;
       at = text.find(directive, at + 1)) {
    std::string_view rest = text.substr(at + directive.size());
    const std::size_t skip = rest.find_first_not_of(kWhiteSpace);
    if (skip == 0 || skip == std::string_view::npos) continue;
    const std::string_view name = name_at(rest.substr(skip));
    if (!name.empty()) names.emplace_back(name);
  }
  return names;
}

/// The number before `what`: "16 bytes smem".
std::optional<std::uint32_t> number_before(std::string_view line, std::string_view what) {
  const std::size_t end = line.find(what);
  if (end == std::string_view::npos) return std::nullopt;
  std::size_t start = end;
  while (start > 0 && line[start - 1] >= '0' && line[start - 1] <= '9') --start;
  std::uint32_t number = 0;
  const auto [stop, error] = std::from_chars(line.data() + start, line.data() + end, number);
  if (error != std::errc() || stop != line.data() + end) return std::nullopt;
  return number;
}

void take(std::string_view line, std::string_view what, std::optional<std::uint32_t>& to) {
  if (const auto number = number_before(line, what)) to = number;
}

/// "... entry function 'NAME' for ..." or "Function properties for NAME".
std::optional<std::string_view> function_of(std::string_view line) {
  constexpr std::string_view kEntry = "entry function '", kProperties = "Function properties for ";
  if (const std::size_t at = line.find(kEntry); at != std::string_view::npos) {
    return name_at(line.substr(at + kEntry.size()));
  }
  if (const std::size_t at = line.find(kProperties); at != std::string_view::npos) {
    return name_at(line.substr(at + kProperties.size()));
  }
  return std::nullopt;
}

}  // namespace

void add_ptxas_log(std::string_view log, std::vector<Entry>& entries) {
  std::map<std::string_view, Entry*> by_name;
  for (Entry& entry : entries) by_name.emplace(entry.name, &entry);
  Entry* entry = nullptr;
  while (!log.empty()) {
    const std::size_t end = std::min(log.find('\n'), log.size());
    const std::string_view line = log.substr(0, end);
    log.remove_prefix(std::min(end + 1, log.size()));
    if (const auto name = function_of(line)) {
      const auto found = by_name.find(*name);
      entry = found != by_name.end() ? found->second : nullptr;
    }
    if (entry == nullptr) continue;
    take(line, " bytes spill stores", entry->spill_stores);
    take(line, " bytes spill loads", entry->spill_loads);
    take(line, " registers", entry->registers);
    take(line, " bytes smem", entry->shared);
    take(line, " bytes cumulative stack size", entry->local);
  }
}

std::vector<Entry> ptx_entries(std::string_view text) {
  std::vector<Entry> entries;
  for (std::string& name : names_behind(".entry", without_comments(text))) {
    entries.emplace_back().name = std::move(name);
  }
  return entries;
}

std::optional<Arch> ptx_target(std::string_view text) {
  for (const std::string& name : names_behind(".target", without_comments(text))) {
    if (!name.starts_with("sm_")) continue;
    auto arch = arch_of(name);
    if (arch) arch->ptx = true;
    return arch;
  }
  return std::nullopt;
}

}  // namespace fib::build
