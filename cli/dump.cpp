// SPDX-License-Identifier: Apache-2.0
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "cli/dump_printer.h"
#include "cli/exit_codes.h"
#include "cli/kernel_pattern.h"
#include "cli/open_capture.h"
#include "cli/verb.h"

namespace fib::cli {
namespace {

/// Ends the reading when enough was printed.
struct DumpLimitReached {};

class DumpVerb : public Verb {
 public:
  std::string name() const override { return "dump"; }
  std::string summary() const override { return "Print the records of a capture as JSON Lines"; }
  std::string details() const override {
    return "One record a line, in the order of the file: threads are interleaved in blocks,\n"
           "each in its own order. `t` is when the call began, in nanoseconds since the\n"
           "first record of its process, `dur` how long the driver took; arguments of calls\n"
           "go by name, handles and bytes in hex.\n"
           "Types: call, clock, context, deviation, device, drops, end, graph, graph_launch,\n"
           "graph_update, image, kernel, launch, load, page_hashes, payload, point, process,\n"
           "region, stream, thread, window.\n"
           "\n"
           "Example:\n"
           "  fib dump capture --type launch --kernel gemm --limit 10 | jq .grid";
  }
  void add_options(CLI::App& app) override {
    app.add_option("CAPTURE", path_, "The capture")->type_name("")->required();
    app.add_option("--type", types_, "Only these types of records, separated by commas")
        ->type_name("TYPE,...")
        ->delimiter(',');
    app.add_option("--kernel", kernel_,
                   "Only kernels (and their launches) whose name matches, mangled or not")
        ->type_name("REGEX");
    app.add_option("--thread", thread_, "Only what this thread did, by its index in the log")
        ->type_name("N");
    app.add_option("--process", process_, "Only the process of this name (fib info lists them)")
        ->type_name("NAME");
    app.add_option("--limit", limit_, "Stop after this many records")->type_name("N");
    app.add_option("--params", params_, "Parameter bytes and hashes of pages: hex or none")
        ->type_name("HOW")
        ->check(CLI::IsMember({"hex", "none"}).description(""))
        ->default_str("hex");
  }

  int run(const Context& context) override {
    prepare();
    const trace::Capture capture = open_capture(path_);
    bool found = false;
    std::size_t refused = 0, read = 0;
    try {
      for (const trace::ProcessLog& log : capture.processes) {
        if (!process_.empty() && log.name != process_) continue;
        found = true;
        ++read;
        refused += !dump(context, log);
      }
    } catch (const DumpLimitReached&) {
    }
    if (!found) {
      throw CliError(kExitUsage, path_ + " has no process '" + process_ + "': fib info lists them");
    }
    return read > 0 && refused == read ? kExitUnreadable : kExitOk;
  }

 private:
  void prepare() {
    options_.types = {types_.begin(), types_.end()};
    for (const std::string& type : options_.types) {
      if (!dump_types().contains(type)) {
        throw CliError(kExitUsage, "no records of type '" + type + "': see fib dump --help");
      }
    }
    options_.thread = thread_;
    options_.params = params_ == "hex";
    if (kernel_.empty()) return;
    options_.kernel = kernel_pattern("--kernel", kernel_);
  }

  // False if the log can't be read at all. The limit counts over all processes.
  bool dump(const Context& context, const trace::ProcessLog& log) {
    LogNames names;
    const trace::ReadResult result = trace::read_log_file(log.log, names);
    if (!result.message.empty()) spdlog::warn("{}", result.message);
    if (result.status == trace::ReadStatus::Refused) return false;
    DumpPrinter printer(options_, log.name, names, [this, &context](const std::string& json) {
      context.out << json << '\n';
      if (++printed_ == limit_ || !context.out) throw DumpLimitReached{};
    });
    (void)trace::read_log_file(log.log, printer);
    return true;
  }

  DumpOptions options_;
  std::string path_, kernel_, process_, params_ = "hex";
  std::vector<std::string> types_;
  std::optional<std::uint32_t> thread_;
  std::uint64_t limit_ = 0, printed_ = 0;
};

}  // namespace

std::unique_ptr<Verb> make_dump_verb() { return std::make_unique<DumpVerb>(); }

}  // namespace fib::cli
