// SPDX-License-Identifier: Apache-2.0
#include "judge/report/commands.h"

#include <algorithm>

#include "judge/report/text.h"

namespace fib::judge {

CommandRef Commands::add(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + shell_quote(word);
  const auto found = std::find(lines_.begin(), lines_.end(), line);
  if (found != lines_.end()) return {static_cast<std::size_t>(found - lines_.begin()) + 1};
  lines_.push_back(line);
  return {lines_.size()};
}

Markup Commands::mark(CommandRef command) {
  const std::string number = std::to_string(command.number);
  return element("a",
                 {{"class", "mark"},
                  {"href", "#command-" + number},
                  {"aria-label", "command " + number + " reproduces this"}},
                 escaped(number));
}

Markup Commands::list() const {
  Markup items;
  for (std::size_t i = 0; i < lines_.size(); ++i)
    items +=
        element("li", {{"id", "command-" + std::to_string(i + 1)}}, element("code", lines_[i]));
  return element("ol", {{"class", "commands"}}, items);
}

}  // namespace fib::judge
