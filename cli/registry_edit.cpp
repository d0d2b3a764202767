// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <filesystem>
#include <ostream>

#include "cli/registry_commands.h"
#include "cli/units.h"
#include "registry/store/error.h"
#include "registry/store/import.h"

namespace fib::cli {
namespace {

using registry::EditOptions;
using registry::ImportCounts;
using registry::ImportReport;
using registry::Level;
using registry::Registry;
using registry::Removal;

constexpr std::size_t kShown = 3;  ///< findings of one rule in one file

void print_counts(const Context& context, const std::string& what, const ImportCounts& counts) {
  if (counts.added + counts.replaced + counts.same + counts.conflicts == 0) return;
  context.out << what << ": " << format_count(counts.added) << " added, "
              << format_count(counts.replaced) << " replaced, " << format_count(counts.same)
              << " there already, " << format_count(counts.conflicts) << " left out\n";
}

int print(const Context& context, const ImportReport& report, bool dry_run) {
  print_findings(context, report.findings.list(), Level::Info, kShown);
  print_counts(context, "Definitions", report.definitions);
  print_counts(context, "Solutions", report.solutions);
  print_counts(context, "workloads", report.workloads);
  print_counts(context, "results", report.traces);
  print_counts(context, "blobs", report.blobs);
  if (dry_run) context.out << "nothing was written (--dry-run)\n";
  return report.findings.has_errors() ? kExitFinding : kExitOk;
}

// A registry that does not exist yet is an empty one.
Registry open_or_create(const std::string& path, bool dry_run) {
  std::error_code error;
  if (!dry_run) std::filesystem::create_directories(path, error);
  if (error) {
    throw CliError(kExitOutput, path + " can't be created (" + error.message() +
                                    "); check the path and its permissions");
  }
  return open_registry(path);
}

class EditVerb : public Verb {
 protected:
  void add_edit_options(CLI::App& app) {
    app.add_flag("--replace", options_.replace, "Replace Definitions and Solutions that differ");
    app.add_flag("--dry-run", options_.dry_run, "Say what would happen, and write nothing");
  }
  EditOptions options_;
};

class ImportVerb : public EditVerb {
 public:
  std::string name() const override { return "import"; }
  std::string summary() const override { return "Copy all records of one registry into another"; }
  std::string details() const override {
    return "Records that DIR has already are left alone; of two that differ under one name the\n"
           "one in DIR stays, unless --replace. Blobs that are missing in SRC are named. Exit\n"
           "code 1 if something was left out.";
  }
  void add_options(CLI::App& app) override {
    app.add_option("SRC", source_, "Where from: a FlashInfer Trace dataset")
        ->type_name("")
        ->required();
    app.add_option("DIR", path_, "The registry; created if it does not exist")
        ->type_name("")
        ->required();
    add_edit_options(app);
    app.add_flag("--follow-links", follow_links_,
                 "Read through links out of SRC, as a Hugging Face cache consists of");
  }
  int run(const Context& context) override {
    const Registry source = open_registry(source_, follow_links_);
    const Registry target = open_or_create(path_, options_.dry_run);
    const std::size_t broken = source.findings().count(Level::Error);
    int code = kExitOk;
    try {
      code = print(context, import_all(source, target, options_), options_.dry_run);
    } catch (const registry::RegistryError& error) {
      throw CliError(kExitOutput, error.what());
    }
    if (broken == 0) return code;
    context.out << format_count(broken, "record") << " of the source did not load: "
                << "fib registry validate " << source_ << '\n';
    return kExitFinding;
  }

 private:
  std::string source_, path_;
  bool follow_links_ = false;
};

class AddVerb : public EditVerb {
 public:
  std::string name() const override { return "add"; }
  std::string summary() const override { return "Add records from files to a registry"; }
  std::string details() const override {
    return "A .json file holds one Definition or one Solution, a .jsonl file workloads or "
           "results,\n"
           "one a line. They are checked first; if one is no good, nothing is written.\n"
           "\n"
           "Example:\n"
           "  fib registry add registry/ my_rmsnorm.json my_rmsnorm_cuda.json results.jsonl";
  }
  void add_options(CLI::App& app) override {
    app.add_option("DIR", path_, "The registry; created if it does not exist")
        ->type_name("")
        ->required();
    app.add_option("FILE", files_, "The records")->type_name("")->required();
    add_edit_options(app);
  }
  int run(const Context& context) override try {
    const Registry target = open_or_create(path_, options_.dry_run);
    return print(context, add_files(files_, target, options_), options_.dry_run);
  } catch (const registry::RegistryError& error) {
    throw CliError(kExitUsage, error.what());
  }

 private:
  std::string path_;
  std::vector<std::string> files_;
};

class RemoveVerb : public Verb {
 public:
  std::string name() const override { return "remove"; }
  std::string summary() const override {
    return "Remove a Definition, Solution or workload from a registry";
  }
  std::string details() const override {
    return "NAME is a Definition's or a Solution's name, or a workload's uuid. What refers to it\n"
           "(Solutions, workloads, results, and blobs that nothing else names) goes with it only\n"
           "if --cascade is given; without, and with such records, nothing is removed.";
  }
  void add_options(CLI::App& app) override {
    app.add_option("DIR", path_, "The registry")->type_name("")->required();
    app.add_option("NAME", name_, "What to remove")->type_name("")->required();
    app.add_flag("--cascade", cascade_, "Remove what refers to it, too");
    app.add_flag("--dry-run", dry_run_, "Say what would happen, and change nothing");
  }
  int run(const Context& context) override {
    const Registry registry = open_registry(path_);
    const Removal removal = plan(registry);
    const std::string others = others_of(removal);
    if (!others.empty() && !cascade_ && !dry_run_) {
      throw CliError(kExitUsage, others + " of \"" + name_ +
                                     "\" would be left without it; give --cascade to remove them "
                                     "too");
    }
    for (const std::string& file : removal.files) context.out << "removes " << file << '\n';
    for (const std::string& file : removal.jsonl) context.out << "changes " << file << '\n';
    if (dry_run_) {
      context.out << "nothing was changed (--dry-run)\n";
    } else {
      carry_out(registry, removal);
    }
    return kExitOk;
  }

 private:
  [[nodiscard]] Removal plan(const Registry& registry) const try {
    return plan_removal(registry, name_);
  } catch (const registry::RegistryError& error) {
    throw CliError(kExitUsage, error.what());
  }

  static void carry_out(const Registry& registry, const Removal& removal) try {
    registry::remove(registry, removal);
  } catch (const registry::RegistryError& error) {
    throw CliError(kExitOutput, error.what());
  }

  // Blobs go with their workload without being asked for.
  static std::string others_of(const Removal& removal) {
    const bool is_workload = removal.kind == Removal::Kind::Workload;
    const std::size_t workloads = is_workload ? 0 : removal.workloads;
    if (removal.solutions + workloads + removal.traces == 0) return "";
    return format_count(removal.solutions, "Solution") + ", " +
           format_count(workloads, "workload") + " and " + format_count(removal.traces, "result");
  }

  std::string path_, name_;
  bool cascade_ = false, dry_run_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_registry_import_verb() { return std::make_unique<ImportVerb>(); }
std::unique_ptr<Verb> make_registry_add_verb() { return std::make_unique<AddVerb>(); }
std::unique_ptr<Verb> make_registry_remove_verb() { return std::make_unique<RemoveVerb>(); }

}  // namespace fib::cli
