// SPDX-License-Identifier: Apache-2.0
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <ostream>

#include "cli/exit_codes.h"
#include "cli/kernel_pattern.h"
#include "cli/open_capture.h"
#include "cli/units.h"
#include "cli/verb.h"
#include "trace/edit/trim.h"

namespace fib::cli {
namespace {

class TrimVerb : public Verb {
 public:
  std::string name() const override { return "trim"; }
  std::string summary() const override {
    return "Make a smaller capture: fewer windows or kernels";
  }
  std::string details() const override {
    return "With --window only these windows stay, in every process that has one of them, with\n"
           "what a replay needs: definitions, the calls before that have a lasting effect, and\n"
           "the pages and images that they refer to. Launches outside of them go.\n"
           "\n"
           "With --kernel only launches of matching kernels stay, and graph launches with such a\n"
           "kernel, and their code. In a window all launches stay, but a replay writes what the\n"
           "others changed instead of running them; so their windows must have been recorded\n"
           "with --verify launch.\n"
           "\n"
           "Outside of windows, copies, allocations and waits go in either case.\n"
           "\n"
           "Examples:\n"
           "  fib trim capture -o decode --window 2\n"
           "  fib trim capture -o gemms --window 2 --kernel 'gemm|nvjet'";
  }
  void add_options(CLI::App& app) override {
    app.add_option("CAPTURE", path_, "The capture")->type_name("")->required();
    app.add_option("-o,--output", output_, "Directory of the new capture; must be new or empty")
        ->type_name("DIR")
        ->required();
    app.add_option("--window", windows_, "A window to keep, by its number; may be repeated")
        ->type_name("N");
    app.add_option("--kernel", kernel_, "Kernels to keep: their name matches, mangled or not")
        ->type_name("REGEX");
  }

  int run(const Context& context) override {
    if (windows_.empty() && kernel_.empty()) {
      throw CliError(kExitUsage, "say what to keep: --window N, --kernel REGEX, or both");
    }
    trace::TrimOptions options;
    options.windows = {windows_.begin(), windows_.end()};
    if (!kernel_.empty()) options.kernel = kernel_pattern("--kernel", kernel_);
    const trace::Capture capture = open_capture(path_);
    const trace::TrimSummary kept =
        edit([&] { return trace::trim_capture(capture, output_, options); });
    for (const std::string& warning : kept.warnings) spdlog::warn("{}", warning);
    print(context, kept);
    return kExitOk;
  }

 private:
  void print(const Context& context, const trace::TrimSummary& kept) const {
    context.out << output_ << ": " << format_count(kept.processes, "process") << ", "
                << format_count(kept.windows, "window") << ", " << format_count(kept.launches)
                << " of " << format_count(kept.launches_before, "launch");
    if (kept.effects > 0) context.out << " (" << format_count(kept.effects) << " by their effect)";
    context.out << ", " << format_count(kept.images, "image") << ", "
                << format_count(kept.pages, "page") << " (" << format_bytes(kept.page_bytes)
                << ")\n";
  }

  std::string path_, output_, kernel_;
  std::vector<std::uint32_t> windows_;
};

}  // namespace

std::unique_ptr<Verb> make_trim_verb() { return std::make_unique<TrimVerb>(); }

}  // namespace fib::cli
