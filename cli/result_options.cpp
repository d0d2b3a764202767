// SPDX-License-Identifier: Apache-2.0
#include "cli/result_options.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "cli/registry_commands.h"

namespace fib::cli {

ResultsPlace results_place(const std::string& text) {
  const std::size_t at = text.rfind('@');
  std::error_code error;
  if (at == std::string::npos || std::filesystem::is_directory(text, error)) return {text, ""};
  return {text.substr(0, at), text.substr(at + 1)};
}

LoadedResults load_results(const std::string& directory, const judge::ResultFilter& filter,
                           bool all) {
  const registry::Registry registry = open_registry(directory);
  LoadedResults loaded;
  loaded.results = judge::read_results(registry, filter);
  if (!all) loaded.results = judge::newest(std::move(loaded.results));
  loaded.entrants = judge::read_entrants(registry, filter);
  loaded.unreadable = registry.findings().count(registry::Level::Error);
  return loaded;
}

std::vector<std::string> gpus_of(const std::vector<judge::Result>& results) {
  std::set<std::string> names;
  for (const judge::Result& result : results) names.insert(result.gpu);
  return {names.begin(), names.end()};
}

std::string baseline_author(const std::string& wish, const std::vector<judge::Result>& results) {
  if (wish == "incumbent") return "";
  if (!wish.empty()) return wish;
  const bool judged = std::any_of(results.begin(), results.end(),
                                  [](const judge::Result& it) { return it.has_incumbent(); });
  return judged ? "" : "baseline";
}

}  // namespace fib::cli
