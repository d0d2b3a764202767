// SPDX-License-Identifier: Apache-2.0
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <ostream>

#include "cli/exit_codes.h"
#include "cli/open_capture.h"
#include "cli/units.h"
#include "cli/verb.h"
#include "trace/edit/recover.h"

namespace fib::cli {
namespace {

class RecoverVerb : public Verb {
 public:
  std::string name() const override { return "recover"; }
  std::string summary() const override { return "Close what a killed process has recorded"; }
  std::string details() const override {
    return "PATH is a capture, or the directory of one process in it that ends in .partial. In\n"
           "place: the half-written end of its log and page files is cut off, the log is closed\n"
           "and .partial taken off its name. A window that was cut is ended, with the reason\n"
           "failure: it can be replayed up to the last record, but as nobody knows what memory\n"
           "held then, its outcome can't be verified. What the process did in its last fifth of\n"
           "a second may be missing. Processes that still record are refused.\n"
           "All of fib's verbs read a .partial process as it is, too.\n"
           "\n"
           "Example:\n"
           "  fib recover capture";
  }
  void add_options(CLI::App& app) override {
    app.add_option("PATH", paths_, "Captures, or .partial directories in them")
        ->type_name("")
        ->required();
  }

  int run(const Context& context) override {
    std::size_t found = 0, failed = 0;
    for (const std::string& path : paths_) {
      const trace::Capture capture = open_capture(path);
      for (const trace::ProcessLog& process : capture.processes) {
        if (process.closed) continue;
        ++found;
        try {
          print(context, trace::recover_process(capture, process));
        } catch (const trace::CaptureError& error) {
          spdlog::error("{}", error.what());
          ++failed;
        }
      }
    }
    if (found == 0) context.out << "nothing to recover: every process has closed its log\n";
    return failed == 0 ? kExitOk : kExitOutput;
  }

 private:
  static void print(const Context& context, const trace::RecoverSummary& done) {
    if (!done.damage.empty()) spdlog::warn("{}", done.damage);
    context.out << done.name << ": " << format_count(done.records, "record") << ", "
                << format_count(done.launches, "launch") << " among them";
    if (done.cut_bytes > 0) context.out << "; cut off " << format_bytes(done.cut_bytes);
    context.out << '\n';
    for (const std::string& window : done.windows) context.out << "  " << window << '\n';
  }

  std::vector<std::string> paths_;
};

}  // namespace

std::unique_ptr<Verb> make_recover_verb() { return std::make_unique<RecoverVerb>(); }

}  // namespace fib::cli
