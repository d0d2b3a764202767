// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <map>
#include <ostream>

#include "cli/registry_commands.h"
#include "cli/units.h"
#include "registry/store/error.h"

namespace fib::cli {
namespace {

using registry::Finding;
using registry::Level;

std::string place_of(const Finding& finding) {
  std::string place = finding.file.empty() ? "the registry" : finding.file;
  if (finding.line > 0) place += ':' + std::to_string(finding.line);
  if (!finding.pointer.empty()) place += ' ' + finding.pointer;
  return place;
}

void print_finding(const Context& context, const Finding& finding) {
  const Terminal& terminal = context.terminal;
  const char* const level = registry::to_string(finding.level);
  const std::string mark = finding.level == Level::Error     ? terminal.red(level)
                           : finding.level == Level::Warning ? terminal.yellow(level)
                                                             : terminal.faint(level);
  context.out << mark << ' ' << printable(place_of(finding)) << ": " << printable(finding.message)
              << "; " << printable(finding.remedy) << ' '
              << terminal.faint('[' + finding.rule + ']') << '\n';
}

/// `fib registry VERB`.
class RegistryVerb : public Verb {
 public:
  RegistryVerb() {
    verbs_.push_back(make_registry_validate_verb());
    verbs_.push_back(make_registry_list_verb());
    verbs_.push_back(make_registry_show_verb());
    verbs_.push_back(make_registry_import_verb());
    verbs_.push_back(make_registry_add_verb());
    verbs_.push_back(make_registry_remove_verb());
    verbs_.push_back(make_registry_bind_verb());
    verbs_.push_back(make_registry_build_verb());
    verbs_.push_back(make_registry_import_triton_verb());
  }
  std::string name() const override { return "registry"; }
  std::string summary() const override {
    return "Look at, check and change a registry of kernels (a FlashInfer Trace dataset)";
  }
  std::string details() const override {
    return "DIR holds definitions/, solutions/, workloads/, traces/ and blob/ as FlashInfer-Bench\n"
           "has them; docs/registry.md has the details. Nothing in a registry is ever executed by\n"
           "these verbs.";
  }
  void add_options(CLI::App& app) override {
    app.require_subcommand(1);
    for (const auto& verb : verbs_) {
      CLI::App* const sub = app.add_subcommand(verb->name(), verb->summary());
      verb->add_options(*sub);
      sub->footer(verb->details());
      parsers_.push_back(sub);
    }
  }
  int run(const Context& context) override {
    for (std::size_t i = 0; i < verbs_.size(); ++i) {
      if (parsers_[i]->parsed()) return verbs_[i]->run(context);
    }
    return kExitUsage;
  }

 private:
  std::vector<std::unique_ptr<Verb>> verbs_;
  std::vector<CLI::App*> parsers_;
};

}  // namespace

registry::Registry open_registry(const std::string& path, bool follow_links) try {
  return registry::Registry::open(path, {follow_links});
} catch (const registry::RegistryError& error) {
  throw CliError(kExitUnreadable, error.what());
}

std::string printable(std::string text, bool lines) {
  for (char& c : text) {
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    if (control && !(lines && c == '\n')) c = '?';
  }
  return text;
}

void print_findings(const Context& context, const std::vector<Finding>& findings, Level least,
                    std::size_t most) {
  std::map<std::pair<std::string, std::string>, std::size_t> seen;  // by file and rule
  std::size_t hidden = 0;
  for (const Finding& finding : findings) {
    if (finding.level < least) continue;
    if (++seen[{finding.file, finding.rule}] > most && most > 0) {
      ++hidden;
    } else {
      print_finding(context, finding);
    }
  }
  if (hidden > 0) {
    context.out << "… " << format_count(hidden) << " more of the same rules in the same files\n";
  }
}

registry::Json to_json(const Finding& finding) {
  registry::Json json = {{"level", registry::to_string(finding.level)},
                         {"rule", finding.rule},
                         {"file", finding.file}};
  if (finding.line > 0) json["line"] = finding.line;
  json["pointer"] = finding.pointer;
  json["message"] = finding.message;
  json["remedy"] = finding.remedy;
  return json;
}

std::unique_ptr<Verb> make_registry_verb() { return std::make_unique<RegistryVerb>(); }

}  // namespace fib::cli
