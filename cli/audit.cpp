// SPDX-License-Identifier: Apache-2.0
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <optional>
#include <ostream>

#include "cli/audit_compare.h"
#include "cli/child_process.h"
#include "cli/exit_codes.h"
#include "cli/facts_json.h"
#include "cli/locate.h"
#include "cli/names.h"
#include "cli/recording.h"
#include "cli/table.h"
#include "cli/temporary_directory.h"
#include "cli/units.h"
#include "cli/verb.h"

namespace fib::cli {
namespace {

constexpr std::size_t kEqualRowsShown = 20, kRowsOfProcessShown = 5;

std::string signed_count(std::int64_t value) {
  if (value == 0) return "0";
  const auto magnitude = static_cast<std::uint64_t>(value < 0 ? -value : value);
  return (value < 0 ? "-" : "+") + format_count(magnitude);
}

void print_rows(const Context& context, const AuditReport& report, const std::string& witness) {
  Table table({{witness}, {"capture"}, {"difference"}, {"kernel", Table::Align::Left}});
  std::size_t equal = 0;
  for (const AuditRow& row : report.rows) {
    if (row.difference() == 0 && ++equal > kEqualRowsShown) continue;
    table.add({format_count(row.witness), format_count(row.capture), signed_count(row.difference()),
               (row.uncountable ? "(uncountable) " : "") + short_name(demangle(row.name))});
  }
  table.print(context.out, context.terminal);
  if (equal > kEqualRowsShown) {
    context.out << "… " << format_count(equal - kEqualRowsShown, "kernel")
                << " more without difference\n";
  }
}

void print_process(const Context& context, const AuditProcess& process,
                   const std::string& witness) {
  context.out << "pid " << process.pid << ": " << witness << ' ' << format_count(process.witness)
              << ", capture " << format_count(process.capture);
  if (!process.in_witness)
    context.out << " (no " << witness << " counts: killed, or replaced by exec?)";
  if (!process.in_capture) context.out << " (not in the capture)";
  if (!process.command.empty()) context.out << "  " << fit(process.command, 80);
  context.out << '\n';
  for (std::size_t i = 0; i < process.differences.size(); ++i) {
    if (i == kRowsOfProcessShown) {
      context.out << "    … " << format_count(process.differences.size() - i) << " more\n";
      break;
    }
    const AuditRow& row = process.differences[i];
    context.out << "    " << signed_count(row.difference()) << "  "
                << short_name(demangle(row.name)) << '\n';
  }
}

void print_verdict(const Context& context, const AuditReport& report, const std::string& witness) {
  const Terminal& terminal = context.terminal;
  for (const std::string& reason : report.uncountable) {
    context.out << terminal.yellow("not countable: ") << reason << '\n';
  }
  if (report.witness_dropped > 0) {
    context.out << terminal.red(witness + " lost " + format_count(report.witness_dropped, "record"))
                << '\n';
  }
  if (report.capture_dropped > 0) {
    context.out << terminal.red("the capture lost " +
                                format_count(report.capture_dropped, "record"))
                << '\n';
  }
  if (report.witness == 0 && report.capture == 0) {
    context.out << terminal.yellow("nothing was counted by either: the command ran no kernels")
                << '\n';
    return;
  }
  const std::string counts = witness + ' ' + format_count(report.witness) + ", capture " +
                             format_count(report.capture) + " in " +
                             format_count(report.rows.size(), "kernel");
  if (report.difference() == 0) {
    context.out << terminal.green("no difference: ") << counts << '\n';
  } else {
    context.out << terminal.red("difference of " + format_count(report.difference()) + ": ")
                << counts << '\n';
  }
}

nlohmann::ordered_json to_json(const AuditRow& row) {
  return {{"name", row.name},
          {"witness", row.witness},
          {"capture", row.capture},
          {"difference", row.difference()},
          {"uncountable", row.uncountable}};
}

nlohmann::ordered_json to_json(const AuditReport& report, const std::string& witness) {
  using Json = nlohmann::ordered_json;
  Json rows = Json::array(), processes = Json::array();
  for (const AuditRow& row : report.rows) rows.push_back(to_json(row));
  for (const AuditProcess& process : report.processes) {
    Json differences = Json::array();
    for (const AuditRow& row : process.differences) differences.push_back(to_json(row));
    processes.push_back({{"pid", process.pid},
                         {"command", process.command},
                         {"in_witness", process.in_witness},
                         {"in_capture", process.in_capture},
                         {"witness", process.witness},
                         {"capture", process.capture},
                         {"differences", differences}});
  }
  return {{"witness_kind", witness},
          {"clean", report.clean()},
          {"difference", report.difference()},
          {"witness", report.witness},
          {"capture", report.capture},
          {"witness_dropped", report.witness_dropped},
          {"capture_dropped", report.capture_dropped},
          {"uncountable", report.uncountable},
          {"kernels", rows},
          {"processes", processes}};
}

class AuditVerb : public Verb {
 public:
  std::string name() const override { return "audit"; }
  std::string summary() const override {
    return "Compare what the shim records with what CUPTI counts";
  }
  std::string details() const override {
    return "fib audit [OPTIONS] -- CMD... runs CMD with the shim and with an independent\n"
           "counter, and compares for every kernel and process how often it ran; what graph\n"
           "launches executed counts. The counter is CUPTI, which libfibaudit.so drives from\n"
           "within CMD's processes (through CUDA_INJECTION64_PATH), or, with --against,\n"
           "whatever leaves files FILE.<pid> of lines \"count name\"; FIBSIM_COUNT_FILE is set\n"
           "to FILE for CMD.\n"
           "fib audit [OPTIONS] CAPTURE runs nothing: it compares a capture that is there\n"
           "with FILE.<pid>, or with what CUPTI counted when fib audit -o made it.\n"
           "\n"
           "Exits with 0 if all counts are equal; 1 on any difference, or if something was\n"
           "lost or can't be counted; 2 if there are no counts to compare with; with CMD's\n"
           "own code if it fails.\n"
           "\n"
           "Example:\n"
           "  fib audit -- python generate.py --tokens 8";
  }
  bool takes_command() const override { return true; }
  void add_options(CLI::App& app) override {
    app.add_option("CAPTURE", capture_, "Compare this capture instead of running a command")
        ->type_name("");
    app.add_option("-o,--output", directory_,
                   "Keep the capture, and CUPTI's counts in DIR/audit; must be new or empty")
        ->type_name("DIR");
    app.add_option("--against", against_, "Compare with FILE.<pid> instead of CUPTI")
        ->type_name("FILE");
    app.add_flag("--json", json_, "Print one JSON object; CMD's stdout goes to stderr");
  }

  int run(const Context& context) override {
    witness_ = against_.empty() ? "CUPTI" : "counter";
    if (!capture_.empty()) return judge_capture(context);
    require_command(context.command, name());
    std::optional<TemporaryDirectory> temporary;
    if (directory_.empty()) temporary.emplace("fib-audit");
    const std::filesystem::path directory =
        temporary ? temporary->path() : prepare_capture(directory_, false);
    const ChildResult result =
        run_child(context.command, prepare(directory), json_ ? StdoutTo::Stderr : StdoutTo::Stdout);
    if (result.start_error != 0) {
      throw CliError(kExitCantStart, "'" + context.command.front() + "' " + describe(result));
    }
    const int verdict = judge(context, directory.string());
    if (result.exit_code == 0) return verdict;
    spdlog::error("the command failed with {}", describe(result));
    return result.exit_code;
  }

 private:
  [[nodiscard]] Environment prepare(const std::filesystem::path& directory) const {
    Environment environment;
    ShimSettings settings;
    settings.directory = directory;
    apply(settings, environment);
    for (const char* name : {"FIBSHIM_FILTER", "FIBSHIM_PROCESS"}) environment.unset(name);
    if (against_.empty()) {
      use_cupti(directory, environment);
    } else {
      use_count_files(environment);
    }
    return environment;
  }

  static void use_cupti(const std::filesystem::path& directory, Environment& environment) {
    const std::string library = find_audit_library().string();
    environment.preload({library, find_shim().string()});
    if (const auto other = environment.get("CUDA_INJECTION64_PATH"); other && *other != library) {
      spdlog::warn("CUDA_INJECTION64_PATH={} makes way for the audit", *other);
    }
    environment.set("CUDA_INJECTION64_PATH", library);
    environment.set("FIBAUDIT_DIR", (directory / "audit").string());
    const std::filesystem::path cupti = find_cupti();
    if (!cupti.empty() && !environment.get("FIB_CUPTI_LIBRARY")) {
      environment.set("FIB_CUPTI_LIBRARY", cupti.string());
    }
  }

  void use_count_files(Environment& environment) const {
    if (!read_count_files(against_).empty()) {
      throw CliError(kExitUsage, "there are already files " + against_ +
                                     ".<pid>: remove them, they would be counted too");
    }
    environment.preload({find_shim().string()});
    environment.set("FIBSIM_COUNT_FILE", std::filesystem::absolute(against_).string());
  }

  [[nodiscard]] int judge_capture(const Context& context) const {
    if (!context.command.empty() || !directory_.empty()) {
      throw CliError(kExitUsage, "'" + capture_ +
                                     "' before `--` names a capture that is there, so no "
                                     "command is run: leave out it, or -o and the command");
    }
    if (process_names(capture_).empty()) (void)read_capture(capture_);  // throws and says why
    return judge(context, capture_);
  }

  // A command that ran no kernel leaves no process behind; that is no reason to refuse.
  [[nodiscard]] int judge(const Context& context, const std::string& directory) const {
    const std::vector<WitnessCounts> witnesses =
        against_.empty() ? read_cupti_counts(directory + "/audit") : read_count_files(against_);
    CaptureFacts capture;
    if (!process_names(directory).empty()) capture = read_capture(directory);
    if (const std::string trouble = no_witness(witnesses); !trouble.empty()) {
      spdlog::error("{}; the capture holds {}", trouble,
                    format_count(capture.executed(), "kernel execution"));
      return kExitUsage;
    }
    const AuditReport report = compare(witnesses, capture);
    print(context, report);
    return report.clean() ? kExitOk : kExitFinding;
  }

  [[nodiscard]] std::string no_witness(const std::vector<WitnessCounts>& witnesses) const {
    for (const WitnessCounts& counts : witnesses) {
      if (!counts.error.empty()) {
        return "pid " + std::to_string(counts.pid) + " could not be counted: " + counts.error;
      }
    }
    if (!witnesses.empty()) return {};
    if (!against_.empty())
      return "no file " + against_ +
             ".<pid> was written, so there is nothing to "
             "compare with";
    return "CUPTI counted nothing: no process initialised CUDA, or something on the way clears "
           "CUDA_INJECTION64_PATH (fib doctor -- CMD tells whether the shim arrives)";
  }

  void print(const Context& context, const AuditReport& report) const {
    if (json_) {
      context.out << to_text(to_json(report, witness_), 2) << '\n';
      return;
    }
    if (!report.rows.empty()) print_rows(context, report, witness_);
    for (const AuditProcess& process : report.processes) print_process(context, process, witness_);
    print_verdict(context, report, witness_);
  }

  std::string capture_, directory_, against_, witness_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_audit_verb() { return std::make_unique<AuditVerb>(); }

}  // namespace fib::cli
