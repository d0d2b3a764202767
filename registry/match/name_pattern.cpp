// SPDX-License-Identifier: Apache-2.0
#include "registry/match/name_pattern.h"

#include <algorithm>
#include <utility>

namespace fib::match {

bool glob_matches(std::string_view pattern, std::string_view name) noexcept {
  std::size_t p = 0, n = 0, star = std::string_view::npos, resume = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p, ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;  // the last star takes one character more
      n = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

namespace {

/// What the C library can't bound the time or memory of: repetition counts and back-references.
bool is_costly(std::string_view regex) noexcept {
  constexpr std::size_t kLongest = 1024;
  constexpr std::ptrdiff_t kGroups = 32;
  if (regex.size() > kLongest || std::count(regex.begin(), regex.end(), '(') > kGroups) return true;
  for (std::size_t i = 0; i < regex.size(); ++i) {
    if (regex[i] == '{') return true;
    if (regex[i] != '\\') continue;
    if (++i < regex.size() && regex[i] >= '1' && regex[i] <= '9') return true;
  }
  return false;
}

}  // namespace

NamePattern::NamePattern(NameMatch kind, std::string text, std::string& error)
    : kind_(kind), text_(std::move(text)) {
  if (kind_ != NameMatch::Regex) return;
  if (is_costly(text_)) {
    error = "repetition counts, back-references, more than 32 groups or 1024 characters";
    return;
  }
  auto regex = std::make_unique<regex_t>();
  const int result = regcomp(regex.get(), text_.c_str(), REG_EXTENDED | REG_NOSUB);
  if (result == 0) {
    regex_.reset(regex.release());
    return;
  }
  char message[128];
  regerror(result, regex.get(), message, sizeof message);
  error = message;
}

bool NamePattern::matches(const char* name) const noexcept {
  switch (kind_) {
    case NameMatch::Exact: return text_ == name;
    case NameMatch::Glob: return glob_matches(text_, name);
    case NameMatch::Regex: break;
  }
  return regex_ != nullptr && regexec(regex_.get(), name, 0, nullptr, 0) == 0;
}

}  // namespace fib::match
