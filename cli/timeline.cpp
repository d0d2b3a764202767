// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <ostream>
#include <regex>

#include "cli/child_process.h"
#include "cli/exit_codes.h"
#include "cli/names.h"
#include "cli/table.h"
#include "cli/timeline_facts.h"
#include "cli/units.h"
#include "cli/verb.h"

namespace fib::cli {
namespace {

using Json = nlohmann::ordered_json;

class TimelineVerb : public Verb {
 public:
  std::string name() const override { return "timeline"; }
  std::string summary() const override { return "Show when the GPU has nothing to do in a window"; }
  std::string details() const override {
    return "How much of a window's time kernels run (busy share), the gaps between them and\n"
           "which kernels stand around the longest ones, launches and time per step, and how\n"
           "much faster the window could be if all gaps went away: an upper bound.\n"
           "\n"
           "Measured: when the program made its calls (by the recorder), and how long each\n"
           "kernel runs (by a replay, which this verb makes unless --replay names the result\n"
           "of one). Modelled: when each kernel starts, namely as soon as its call has\n"
           "returned and its stream lets it. Copies and sets count as taking no time.\n"
           "A window recorded with verify=launch is of no use here: the recorder waits after\n"
           "every launch.\n"
           "\n"
           "Example:\n"
           "  fib timeline capture --step rms_norm";
  }
  void add_options(CLI::App& app) override {
    app.add_option("CAPTURE", path_, "The capture")->type_name("")->required();
    app.add_option("--window", window_, "Which window (default: the first)")->type_name("N");
    app.add_option("--process", process_, "Which process, where the capture has several")
        ->type_name("NAME");
    app.add_option("--replay", replay_, "What `fib replay --json` wrote about this window")
        ->type_name("FILE");
    app.add_option("--step", step_,
                   "Steps begin with kernels whose name matches this regular expression\n"
                   "(default: found by repetition)")
        ->type_name("REGEX");
    app.add_option("--gaps", gaps_, "How many of the longest gaps to list")
        ->type_name("N")
        ->default_str("10");
    app.add_flag("--json", json_, "Print a JSON object");
  }

  int run(const Context& context) override {
    const TimelineFacts facts = find();
    if (json_)
      context.out << to_text(to_json(facts), 2) << '\n';
    else
      print(context, facts);
    return kExitOk;
  }

 private:
  TimelineFacts find() const {
    const trace::ProcessLog log = chosen_process(path_, process_);
    TimelineRequest request{window_, gaps_, {}};
    if (!step_.empty()) request.step_begins = step_pattern();
    return read_timeline_facts(log, request, [&](std::uint32_t window) {
      return replay_.empty() ? replay(log, window) : read_replay_report(replay_);
    });
  }

  Json replay(const trace::ProcessLog& log, std::uint32_t window) const {
    std::string output;
    const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
    const ChildResult result =
        run_captured({self, "replay", "--json", "--verify", "none", "--window",
                      std::to_string(window), "--process", log.name, path_},
                     Environment(), output);
    if (output.find('{') == std::string::npos)
      throw CliError(kExitUsage, "the window can't be replayed for its GPU times (" +
                                     describe(result) + "): " + output.substr(0, 400));
    return parse_replay_report(output, "the replay");
  }

  std::function<bool(const std::string&)> step_pattern() const try {
    return [pattern = std::regex(step_, std::regex::extended)](const std::string& mangled) {
      return std::regex_search(demangle(mangled), pattern);
    };
  } catch (const std::regex_error& error) {
    throw CliError(kExitUsage, "--step '" + step_ + "': " + error.what());
  }

  static std::string kernel_at(const TimelineFacts& facts, std::size_t work) {
    return facts.timeline.names[facts.timeline.works[work].name];
  }

  static Json gaps_json(const TimelineFacts& facts) {
    Json list = Json::array();
    for (const replayer::Bubble& gap : facts.bubbles.longest)
      list.push_back({{"start_ns", gap.start_ns},
                      {"ns", gap.ns()},
                      {"after_kernel", kernel_at(facts, gap.before)},
                      {"before_kernel", kernel_at(facts, gap.after)},
                      {"host_late", gap.host_late}});
    return list;
  }

  static Json to_json(const TimelineFacts& facts) {
    const replayer::BubbleReport& bubbles = facts.bubbles;
    Json object{{"process", facts.process},
                {"window", facts.window},
                {"gpu_time_source", facts.source},
                {"recorded_with_pauses", facts.paused},
                {"kernels", bubbles.kernels},
                {"kernels_without_time", facts.timeline.unmeasured},
                {"copies_and_sets", facts.timeline.other_calls},
                {"window_ns", facts.timeline.window_ns},
                {"span_ns", bubbles.span_ns},
                {"busy_ns", bubbles.busy_ns},
                {"kernel_ns", bubbles.kernel_ns},
                {"busy_share", bubbles.busy_share()},
                {"gaps", bubbles.gaps},
                {"gap_ns", bubbles.gap_ns},
                {"host_gaps", bubbles.host_gaps},
                {"host_gap_ns", bubbles.host_gap_ns}};
    const auto bound = bubbles.speedup_bound();
    object["speedup_bound"] = bound ? Json(*bound) : Json();
    object["longest_gaps"] = gaps_json(facts);
    object["steps"] = {{"count", facts.steps.steps},     {"launches", facts.steps.calls},
                       {"kernels", facts.steps.kernels}, {"period_ns", facts.steps.period_ns},
                       {"busy_ns", facts.steps.busy_ns}, {"gap_ns", facts.steps.gap_ns},
                       {"match", facts.steps.match}};
    return object;
  }

  static std::string duration(std::uint64_t ns) { return format_duration(static_cast<double>(ns)); }

  void print(const Context& context, const TimelineFacts& facts) const {
    const replayer::BubbleReport& bubbles = facts.bubbles;
    std::ostream& out = context.out;
    out << "window " << facts.window << " of " << facts.process << ": "
        << format_count(bubbles.kernels, "kernel") << " in " << duration(bubbles.span_ns)
        << " (modelled)\n";
    out << "busy      " << duration(bubbles.busy_ns) << ", "
        << format_share(bubbles.busy_ns, bubbles.span_ns) << " (kernel times from "
        << (facts.source.empty() ? "nowhere" : facts.source) << ")\n";
    out << "gaps      " << format_count(bubbles.gaps, "gap") << ", " << duration(bubbles.gap_ns)
        << "; of these " << format_count(bubbles.host_gaps) << " because the host was late, "
        << duration(bubbles.host_gap_ns) << '\n';
    if (const auto bound = bubbles.speedup_bound()) {
      char text[32];
      std::snprintf(text, sizeof text, "%.2f", *bound);
      out << "bound     " << text << " times as fast without any gap\n";
    }
    print_steps(out, facts.steps);
    print_notes(context, facts);
    print_gaps(context, facts);
  }

  static void print_steps(std::ostream& out, const replayer::StepReport& steps) {
    if (steps.steps == 0) {
      out << "steps     none found: the launches do not repeat (--step names a kernel)\n";
      return;
    }
    out << "steps     " << format_count(steps.steps, "step") << " of "
        << format_count(steps.calls, "launch") << " and " << format_count(steps.kernels, "kernel")
        << ", " << duration(steps.period_ns) << " each, busy " << duration(steps.busy_ns) << '\n';
  }

  static void print_notes(const Context& context, const TimelineFacts& facts) {
    const auto warn = [&](const std::string& text) {
      context.out << context.terminal.yellow("note      " + text) << '\n';
    };
    if (facts.paused)
      warn(
          "recorded with verify=launch: the gaps are the recorder's own; record with "
          "verify=window");
    if (facts.timeline.unmeasured > 0)
      warn(format_count(facts.timeline.unmeasured, "kernel") +
           " without a GPU time counted as taking none");
    if (facts.timeline.other_calls > 0)
      warn(format_count(facts.timeline.other_calls) + " copies and sets counted as taking no time");
  }

  void print_gaps(const Context& context, const TimelineFacts& facts) const {
    if (facts.bubbles.longest.empty()) return;
    Table table({{"at"},
                 {"gap"},
                 {"because", Table::Align::Left},
                 {"after", Table::Align::Left},
                 {"before", Table::Align::Left}});
    for (const replayer::Bubble& gap : facts.bubbles.longest)
      table.add({duration(gap.start_ns), duration(gap.ns()), gap.host_late ? "host" : "order",
                 fit(short_name(demangle(kernel_at(facts, gap.before))), 48),
                 short_name(demangle(kernel_at(facts, gap.after)))});
    context.out << '\n';
    table.print(context.out, context.terminal);
  }

  std::string path_, process_, replay_, step_;
  std::uint32_t window_ = 0;
  std::size_t gaps_ = 10;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_timeline_verb() { return std::make_unique<TimelineVerb>(); }

}  // namespace fib::cli
