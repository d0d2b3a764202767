// SPDX-License-Identifier: Apache-2.0
#include "judge/report/sections.h"

#include <algorithm>
#include <iterator>
#include <set>

namespace fib::judge {

Markup section(const char* id, const char* title, const Markup& content) {
  return element("section", {{"id", id}}, element("h2", title) + content);
}

Markup paragraph(std::string_view text) { return element("p", text); }

Markup tile(std::string_view number, std::string_view what, CommandRef command) {
  return element("div", {{"class", "tile"}, {"data-command", std::to_string(command.number)}},
                 element("div", {{"class", "big number"}}, escaped(number)) +
                     element("div", {{"class", "what"}},
                             escaped(what) + Markup{" "} + Commands::mark(command)));
}

std::vector<std::string> gpus_in(const ReportInput& input) {
  std::set<std::string> names;
  for (const Result& result : input.results) names.insert(result.gpu);
  return {names.begin(), names.end()};
}

std::vector<Result> results_on(const ReportInput& input, const std::string& gpu) {
  std::vector<Result> results;
  std::copy_if(input.results.begin(), input.results.end(), std::back_inserter(results),
               [&](const Result& it) { return it.gpu == gpu; });
  return results;
}

CommandRef rank_command(const ReportInput& input, const std::string& gpu, const char* by,
                        Commands& commands) {
  std::vector<std::string> words = {"fib",  "rank", "--registry", input.registry,
                                    "--by", by,     "--gpu",      gpu};
  if (std::string_view(by) != "saved") {
    words.emplace_back("--baseline");
    words.push_back(input.baseline_author.empty() ? "incumbent" : input.baseline_author);
  }
  return commands.add(words);
}

}  // namespace fib::judge
