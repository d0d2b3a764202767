// SPDX-License-Identifier: Apache-2.0
#include "cli/environment.h"

#include <unistd.h>

#include <algorithm>

#include "cli/exit_codes.h"

namespace fib::cli {
namespace {

bool names(const std::string& entry, std::string_view name) {
  return entry.size() > name.size() && entry[name.size()] == '=' && entry.starts_with(name);
}

}  // namespace

Environment::Environment() {
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    entries_.emplace_back(*entry);
  }
}

std::optional<std::string> Environment::get(std::string_view name) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [name](const std::string& entry) { return names(entry, name); });
  if (found == entries_.end()) return std::nullopt;
  return found->substr(name.size() + 1);
}

void Environment::unset(std::string_view name) {
  std::erase_if(entries_, [name](const std::string& entry) { return names(entry, name); });
}

void Environment::set(std::string_view name, std::string_view value) {
  unset(name);
  entries_.push_back(std::string(name) + '=' + std::string(value));
}

void Environment::preload(const std::vector<std::string>& libraries) {
  std::string value;
  for (const std::string& library : libraries) {
    if (library.find_first_of(" :\t\n") != std::string::npos) {
      throw CliError(kExitUsage, "the loader can't preload '" + library +
                                     "' because of the blank or colon in its path: make a symbolic "
                                     "link without one and name it in FIBSHIM_LIB");
    }
    value += (value.empty() ? "" : ":") + library;
  }
  const std::string before = get("LD_PRELOAD").value_or("");
  set("LD_PRELOAD", before.empty() ? value : value + ':' + before);
}

std::vector<char*> Environment::pointers() {
  std::vector<char*> pointers;
  for (std::string& entry : entries_) pointers.push_back(entry.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace fib::cli
