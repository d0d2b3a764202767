// SPDX-License-Identifier: Apache-2.0
#include "registry/model/finding.h"

#include <algorithm>
#include <utility>

namespace fib::registry {

const char* to_string(Level level) {
  switch (level) {
    case Level::Info: return "info";
    case Level::Warning: return "warning";
    case Level::Error: return "error";
  }
  return "?";
}

std::string_view Finding::group() const { return std::string_view(rule).substr(0, rule.find('.')); }

void Findings::add(Finding finding) { list_.push_back(std::move(finding)); }

void Findings::error(std::string rule, std::string pointer, std::string message,
                     std::string remedy) {
  add({Level::Error, std::move(rule), "", 0, std::move(pointer), std::move(message),
       std::move(remedy)});
}

void Findings::warning(std::string rule, std::string pointer, std::string message,
                       std::string remedy) {
  add({Level::Warning, std::move(rule), "", 0, std::move(pointer), std::move(message),
       std::move(remedy)});
}

void Findings::info(std::string rule, std::string pointer, std::string message,
                    std::string remedy) {
  add({Level::Info, std::move(rule), "", 0, std::move(pointer), std::move(message),
       std::move(remedy)});
}

void Findings::take(Findings&& other, const std::string& file, std::size_t line) {
  for (Finding& finding : other.list_) {
    finding.file = file;
    finding.line = line;
    list_.push_back(std::move(finding));
  }
  other.list_.clear();
}

std::size_t Findings::count(Level level) const {
  return static_cast<std::size_t>(std::count_if(
      list_.begin(), list_.end(), [&](const Finding& finding) { return finding.level == level; }));
}

}  // namespace fib::registry
