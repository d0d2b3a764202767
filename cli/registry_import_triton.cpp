// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <filesystem>
#include <ostream>

#include "cli/registry_commands.h"
#include "registry/build/triton_draft.h"
#include "registry/store/error.h"
#include "registry/store/files.h"

namespace fib::cli {
namespace {

class ImportTritonVerb : public Verb {
 public:
  std::string name() const override { return "import-triton"; }
  std::string summary() const override {
    return "Draft a Solution from what Triton compiled ahead of time";
  }
  std::string details() const override {
    return "PATH is a directory of Triton's cache (~/.triton/cache/...), or a NAME.cubin in one,\n"
           "beside which NAME.json lies. The launch block has what Triton tells: block, shared\n"
           "memory, clusters, sizes of arguments, and from NAME.ttir their types and what the\n"
           "code takes for granted. The rest is marked \"fill in\"; while a mark is left the\n"
           "Solution is not used.\n"
           "\n"
           "Example:\n"
           "  fib registry import-triton ~/.triton/cache/XYZ --definition rmsnorm_h4096 \\\n"
           "      --name rmsnorm_triton --author me --registry registry/ --output draft.json";
  }
  void add_options(CLI::App& app) override {
    app.add_option("PATH", path_, "Where the kernel is")->type_name("")->required();
    app.add_option("--definition", names_.definition, "The Definition that it implements")
        ->type_name("NAME")
        ->required();
    app.add_option("--name", names_.name, "Name of the Solution")->type_name("NAME")->required();
    app.add_option("--author", names_.author, "Its author")->type_name("NAME")->required();
    app.add_option("--registry", registry_, "Take names of tensors from the Definition in there")
        ->type_name("DIR");
    app.add_option("--output", output_, "Write this file instead of stdout")->type_name("FILE");
  }
  int run(const Context& context) override try {
    const auto found = build::find_triton(path_);
    if (!found.kernel) throw CliError(kExitUsage, found.error);
    const std::string text = registry::to_text(to_json(draft(*found.kernel)), 2) + '\n';
    if (output_.empty()) {
      context.out << text;
    } else {
      registry::replace_file(output_, text);
      context.out << output_.string() << ": fill in what is marked, then fib registry add\n";
    }
    return kExitOk;
  } catch (const registry::RegistryError& error) {
    throw CliError(kExitOutput, error.what());
  }

 private:
  [[nodiscard]] registry::Solution draft(const build::TritonKernel& kernel) const {
    if (registry_.empty()) return build::triton_draft(kernel, names_, nullptr);
    const registry::Registry opened = open_registry(registry_);
    const auto* const definition = opened.definition(names_.definition);
    if (definition == nullptr) {
      throw CliError(kExitUsage, '"' + names_.definition + "\" is no Definition of " + registry_ +
                                     "; fib registry list shows the names");
    }
    return build::triton_draft(kernel, names_, &definition->record);
  }

  std::filesystem::path path_, output_;
  std::string registry_;
  build::DraftNames names_;
};

}  // namespace

std::unique_ptr<Verb> make_registry_import_triton_verb() {
  return std::make_unique<ImportTritonVerb>();
}

}  // namespace fib::cli
