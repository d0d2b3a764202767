// SPDX-License-Identifier: Apache-2.0
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <ostream>

#include "cli/draft_writer.h"
#include "cli/kernel_pattern.h"
#include "cli/names.h"
#include "cli/observe.h"
#include "cli/open_capture.h"
#include "cli/registry_commands.h"
#include "cli/units.h"
#include "registry/store/error.h"
#include "registry/store/files.h"

namespace fib::cli {
namespace {

using registry::Draft;
using registry::Json;

bool is_named(const std::string& mangled, const std::string& name) {
  const std::string demangled = demangle(mangled);
  return mangled == name || demangled == name || short_name(demangled) == name;
}

/// Kernels of this name; where there are none, those that match it as a regular expression.
std::vector<RecordedKernel> find_kernels(const trace::Capture& capture, const std::string& text,
                                         bool with_code) {
  std::function<bool(const std::string&)> pattern = [](const std::string&) { return false; };
  try {
    pattern = kernel_pattern("--kernel", text);
  } catch (const CliError&) {
    // A name of C++ need not be an expression.
  }
  auto kernels = observe_kernels(
      capture, [&](const std::string& name) { return is_named(name, text) || pattern(name); },
      with_code);
  const auto named = [&](const RecordedKernel& it) { return is_named(it.observed.name, text); };
  if (std::any_of(kernels.begin(), kernels.end(), named)) {
    std::erase_if(kernels, [&](const RecordedKernel& it) { return !named(it); });
  }
  return kernels;
}

/// Until the end of the scope nothing is made that others can write: the shim would refuse it.
class OwnFiles {
 public:
  OwnFiles() : before_(umask(022)) { umask(before_ | 022); }
  ~OwnFiles() { umask(before_); }
  OwnFiles(const OwnFiles&) = delete;
  OwnFiles& operator=(const OwnFiles&) = delete;

 private:
  mode_t before_;
};

registry::Registry open_target(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) {
    throw CliError(kExitOutput, path + " can't be created (" + error.message() +
                                    "); check the path and its permissions");
  }
  return open_registry(path);
}

class BindVerb : public Verb {
 public:
  std::string name() const override { return "bind"; }
  std::string summary() const override {
    return "Draft a binding from recorded launches of a kernel";
  }
  std::string details() const override {
    return "Looks at every recorded launch of the kernel, those of graphs too: which words of its\n"
           "parameters point into which memory, which are constant, which have to do with the\n"
           "grid. With --definition the Definition's axes, inputs and outputs are matched to\n"
           "these; without, a Definition is drafted as well. All of it is a proposal: the "
           "binding's\n"
           "description and its member \"draft\" say what is a guess, and what else was seen.\n"
           "\n"
           "With --incumbent-solution the kernel itself becomes a Solution (its recorded code, "
           "its\n"
           "own geometry, parameters copied), and a policy pins it: an A/A test of a whole "
           "engine.\n"
           "\n"
           "With --registry the drafts are written there, unless -o is given; without, they are\n"
           "printed. Exit code 1 if nothing could be drafted.\n"
           "\n"
           "Examples:\n"
           "  fib registry bind --from capture --kernel rmsnorm_kernel --registry registry/ \\\n"
           "    --definition rmsnorm_h4096\n"
           "  fib registry bind --from capture --kernel . --registry aa/ --incumbent-solution";
  }
  void add_options(CLI::App& app) override {
    app.add_option("--from", capture_, "The capture")->type_name("CAPTURE")->required();
    app.add_option("--kernel", kernel_,
                   "The kernel's name, mangled or not; or those whose name matches")
        ->type_name("NAME|REGEX")
        ->required();
    app.add_option("--definition", definition_, "Bind to this Definition of the registry")
        ->type_name("NAME");
    app.add_option("--registry", registry_, "Where to write; created if it does not exist")
        ->type_name("DIR");
    app.add_flag("--incumbent-solution", incumbent_, "Also make the kernel itself a Solution");
    app.add_option("-o,--output", output_, "Write one JSON object with all drafts here instead")
        ->type_name("FILE");
    app.add_flag("--replace", replace_, "Replace drafts that are there already and differ");
    app.add_flag("--json", json_, "Print what was written as a JSON object");
  }

  int run(const Context& context) override try {
    const OwnFiles only_ours;
    if (!definition_.empty() && registry_.empty()) {
      throw CliError(kExitUsage, "--definition needs --registry, where the Definition is");
    }
    const trace::Capture capture = open_capture(capture_);
    std::vector<RecordedKernel> kernels = find_kernels(capture, kernel_, incumbent_);
    if (kernels.empty()) {
      throw CliError(kExitUsage, capture_ + " has no launch of a kernel '" + kernel_ +
                                     "': fib ls lists its kernels");
    }
    if (registry_.empty()) return print_bundle(context, draft_all(kernels, nullptr));
    const registry::Registry target = open_target(registry_);
    const std::vector<BoundKernel> bound = draft_all(kernels, &target);
    return output_.empty() ? write_all(context, target, bound) : print_bundle(context, bound);
  } catch (const registry::RegistryError& error) {
    throw CliError(kExitOutput, error.what());
  }

 private:
  [[nodiscard]] const registry::Definition* definition_of(const registry::Registry* target,
                                                          std::size_t kernels) const {
    if (definition_.empty() || target == nullptr) return nullptr;
    const auto* const stored = target->definition(definition_);
    if (stored == nullptr) {
      throw CliError(kExitUsage, registry_ + " has no Definition '" + definition_ +
                                     "': fib registry list shows them");
    }
    if (kernels > 1 && incumbent_) {
      throw CliError(kExitUsage, format_count(kernels, "kernel") +
                                     " match, and a Definition can have one of them as the pinned "
                                     "Solution: give one kernel's name");
    }
    return &stored->record;
  }

  std::vector<BoundKernel> draft_all(std::vector<RecordedKernel>& kernels,
                                     const registry::Registry* target) const {
    const registry::Definition* const definition = definition_of(target, kernels.size());
    std::vector<BoundKernel> all;
    for (RecordedKernel& kernel : kernels) {
      BoundKernel bound;
      const std::string problem = draft(kernel, definition, bound);
      if (problem.empty()) {
        all.push_back(std::move(bound));
      } else {
        spdlog::warn("{}: no draft of '{}': {}", capture_,
                     printable(short_name(kernel.observed.demangled)), problem);
      }
      kernel = {};  // code of engines is large
    }
    return all;
  }

  /// Why not, in one clause; empty if `to` is it.
  std::string draft(RecordedKernel& kernel, const registry::Definition* definition,
                    BoundKernel& to) const {
    const registry::ObservedKernel& observed = kernel.observed;
    const std::string source = std::filesystem::path(capture_).filename().string();
    const registry::DraftOptions options{incumbent_, source};
    to.draft = definition != nullptr ? registry::draft_binding(observed, *definition, options)
                                     : registry::draft_binding(observed, options);
    if (!to.draft.ok()) return to.draft.problem;
    const std::string name = registry::draft_name(observed, short_name(observed.demangled));
    to.kernel = observed.name;
    to.launches = observed.count();
    to.op_type = definition != nullptr ? definition->op_type : registry::kDraftOpType;
    to.draft.binding.rule.name = "recorded_" + name;
    if (to.draft.definition) {
      to.draft.definition->name = "draft_" + name;
      to.draft.binding.rule.definition = to.draft.definition->name;
    }
    if (!incumbent_) return "";
    if (!kernel.code) return kernel.why_no_code;
    registry::Incumbent made = registry::incumbent_solution(observed, to.draft.binding.rule,
                                                            "incumbent_" + name, *kernel.code);
    to.solution = std::move(made.solution);
    if (to.solution && !kernel.code_note.empty()) {
      *to.solution->description += ' ' + kernel.code_note;
    }
    return made.problem;
  }

  int write_all(const Context& context, const registry::Registry& target,
                const std::vector<BoundKernel>& all) const {
    Json list = Json::array();
    for (const BoundKernel& bound : all) {
      const std::vector<std::string> files = write_draft(target, bound, replace_);
      list.push_back({{"kernel", bound.kernel},
                      {"launches", bound.launches},
                      {"definition", bound.draft.binding.rule.definition},
                      {"files", files}});
      if (json_) continue;
      context.out << printable(short_name(demangle(bound.kernel))) << " ("
                  << format_count(bound.launches, "launch") << ")\n";
      for (const std::string& file : files) context.out << "  " << file << '\n';
    }
    if (json_) context.out << registry::to_text(Json{{"bound", std::move(list)}}, 2) << '\n';
    return all.empty() ? kExitFinding : kExitOk;
  }

  int print_bundle(const Context& context, const std::vector<BoundKernel>& all) const {
    const std::string text = registry::to_text(draft_bundle(all), 2) + '\n';
    if (output_.empty() || output_ == "-") {
      context.out << text;
    } else {
      registry::replace_file(output_, text);
    }
    return all.empty() ? kExitFinding : kExitOk;
  }

  std::string capture_, kernel_, definition_, registry_, output_;
  bool incumbent_ = false, replace_ = false, json_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_registry_bind_verb() { return std::make_unique<BindVerb>(); }

}  // namespace fib::cli
