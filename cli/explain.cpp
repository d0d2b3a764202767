// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <ostream>

#include "cli/counters_file.h"
#include "cli/explain_capture.h"
#include "cli/explain_printer.h"
#include "cli/kernel_pattern.h"
#include "cli/open_capture.h"
#include "cli/registry_commands.h"
#include "cli/verb.h"

namespace fib::cli {
namespace {

constexpr std::size_t kShown = 3;  ///< findings of one rule in one file

class ExplainVerb : public Verb {
 public:
  std::string name() const override { return "explain"; }
  std::string summary() const override {
    return "Say for every kernel why it is, or would be, redirected or not";
  }
  std::string details() const override {
    return "With a capture: every recorded launch, those of graphs too, is looked up in the\n"
           "registry as the mode apply does it, and counted by what came of it: the reason, the\n"
           "candidate, or what exactly spoke against one. Whether candidates are built and can be\n"
           "loaded is not asked. With --live or --report: what a process in the mode apply or\n"
           "shadow really did. docs/bindings.md lists the reasons.\n"
           "\n"
           "Examples:\n"
           "  fib explain capture --registry registry/ --kernel rmsnorm\n"
           "  fib explain --live 4711\n"
           "  FIBSHIM_REPORT=report engine ...; fib explain --report report";
  }
  void add_options(CLI::App& app) override {
    capture_option_ = app.add_option("CAPTURE", path_, "The capture")->type_name("");
    app.add_option("--registry", registry_, "The registry")->type_name("DIR");
    app.add_option("--gpu", gpu_, "Look up for this GPU, as CUDA names it; default: as recorded")
        ->type_name("NAME");
    app.add_option("--kernel", kernel_, "Only kernels whose name matches, mangled or not")
        ->type_name("REGEX");
    live_option_ = app.add_option("--live", pid_, "A process that runs in mode apply or shadow")
                       ->type_name("PID");
    report_option_ =
        app.add_option("--report", report_, "What such a process left (FIBSHIM_REPORT)")
            ->type_name("FILE");
    app.add_flag("--mangled", mangled_, "Names as the binary has them, in full");
    app.add_flag("--json", json_, "Print one JSON object");
  }

  int run(const Context& context) override {
    const std::size_t sources =
        capture_option_->count() + live_option_->count() + report_option_->count();
    if (sources != 1) {
      throw CliError(kExitUsage, "say what to explain: a CAPTURE, --live PID or --report FILE");
    }
    const auto wanted = kernel_.empty() ? std::function<bool(const std::string&)>{}
                                        : kernel_pattern("--kernel", kernel_);
    if (capture_option_->count() != 0) return explain(context, wanted);
    CountersReport report =
        live_option_->count() != 0 ? read_counters_of(pid_) : read_counters_file(report_);
    if (wanted) {
      std::erase_if(report.kernels, [&](const CountedKernel& it) { return !wanted(it.name); });
    }
    print(report, {context, json_, mangled_});
    return kExitOk;
  }

 private:
  int explain(const Context& context, const std::function<bool(const std::string&)>& wanted) {
    if (registry_.empty()) throw CliError(kExitUsage, "a CAPTURE is explained with --registry DIR");
    const registry::Registry opened = open_registry(registry_);
    const trace::Capture capture = open_capture(path_);
    registry::Findings findings;
    const Explanation explanation = explain_capture(capture, opened, gpu_, wanted, findings);
    if (!json_) print_findings(context, findings.list(), registry::Level::Error, kShown);
    print(explanation, {context, json_, mangled_});
    return kExitOk;
  }

  std::string path_, registry_, gpu_, kernel_, report_;
  int pid_ = 0;
  bool mangled_ = false, json_ = false;
  CLI::Option *capture_option_ = nullptr, *live_option_ = nullptr, *report_option_ = nullptr;
};

}  // namespace

std::unique_ptr<Verb> make_explain_verb() { return std::make_unique<ExplainVerb>(); }

}  // namespace fib::cli
