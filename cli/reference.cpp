// SPDX-License-Identifier: Apache-2.0
#include "cli/reference.h"

#include <CLI/CLI.hpp>
#include <vector>

namespace fib::cli {
namespace {

std::string option_title(const CLI::Option& option) {
  // Help flags show no value; others show the name of theirs.
  std::string title =
      option.get_positional() ? option.get_name(true) : option.get_name(false, true);
  for (std::size_t at = title.find(','); at != std::string::npos; at = title.find(',', at + 2)) {
    title.insert(at + 1, " ");
  }
  const std::string type = option.get_items_expected_max() == 0 ? "" : option.get_type_name();
  return type.empty() ? title : title + ' ' + type;
}

std::string options_of(const CLI::App& app) {
  std::string text;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;  // hidden
    if (app.get_parent() != nullptr && option->get_name().starts_with("--help")) continue;
    text += "* `" + option_title(*option) + "`";
    if (option->get_required()) text += " (required)";
    text += ": " + option->get_description();
    const std::string fallback = option->get_default_str();
    if (!fallback.empty()) text += " (default: `" + fallback + "`)";
    text += ".\n";
  }
  return text;
}

std::string full_name(const CLI::App& verb) {
  const CLI::App* const parent = verb.get_parent();
  return parent == nullptr ? "fib" : full_name(*parent) + ' ' + verb.get_name();
}

std::vector<CLI::App*> verbs_of(CLI::App& app) {
  return app.get_subcommands([](CLI::App*) { return true; });
}

std::string usage_of(CLI::App& verb) {
  std::string usage = full_name(verb);
  std::string tail;
  for (const CLI::Option* option : verb.get_options()) {
    if (!option->get_positional()) continue;
    const std::string name = option->get_name(true);
    tail += name == "CMD"            ? " [-- CMD...]"
            : option->get_required() ? ' ' + name
                                     : " [" + name + ']';
  }
  return verbs_of(verb).empty() ? usage + " [OPTIONS]" + tail : usage + " VERB ...";
}

std::string block(const std::string& text) { return "```text\n" + text + "\n```\n"; }

// Verbs of a verb follow it, one level lower.
std::string section(CLI::App& verb, const std::string& heading) {
  const std::string options = options_of(verb);
  std::string text = '\n' + heading + ' ' + full_name(verb) + "\n\n" + verb.get_description() +
                     ".\n\n" + block(usage_of(verb)) + '\n' + options +
                     (options.empty() ? "" : "\n") + block(verb.get_footer());
  for (CLI::App* sub : verbs_of(verb)) text += section(*sub, heading + '#');
  return text;
}

}  // namespace

std::string reference_page(CLI::App& parser) {
  std::string page =
      "<!-- Written by scripts/gen_cli_docs from the tool itself: edit cli/, then run that. -->\n"
      "# fib\n\n" +
      parser.get_description() + "\n\n" + block("fib [OPTIONS] VERB ...") + "\n" +
      options_of(parser) + "\n" + block(parser.get_footer());
  for (CLI::App* verb : verbs_of(parser)) page += section(*verb, "##");
  return page;
}

}  // namespace fib::cli
