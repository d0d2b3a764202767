// SPDX-License-Identifier: Apache-2.0
#include "cli/replay_table.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/names.h"
#include "cli/table.h"
#include "cli/units.h"

namespace fib::cli {
namespace {

using Json = nlohmann::json;

constexpr const char* kVerdicts[] = {"exact",  "nondeterministic", "mismatch",
                                     "effect", "not replayable",   "unverified"};
constexpr std::size_t kDeviationsShown = 20;

struct KernelRow {
  std::string name, reason;
  std::uint64_t launches = 0;
  std::map<std::string, std::uint64_t> verdicts;
  std::vector<double> gpu_ns;
};

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double sum(const std::vector<double>& values) {
  double total = 0;
  for (const double value : values) total += value;
  return total;
}

std::vector<KernelRow> rows_of(const Json& report) {
  std::map<std::uint64_t, KernelRow> by_kernel;
  for (const Json& launch : report.at("launches")) {
    const auto kernel = launch.at("kernel").get<std::uint64_t>();
    KernelRow& row = by_kernel[kernel];
    row.name = report.at("kernels").value(std::to_string(kernel), "(unknown kernel)");
    ++row.launches;
    ++row.verdicts[launch.at("verdict").get<std::string>()];
    if (row.reason.empty()) row.reason = launch.value("reason", "");
    if (launch.contains("gpu_ns")) row.gpu_ns.push_back(launch["gpu_ns"].get<double>());
  }
  std::vector<KernelRow> rows;
  for (auto& [kernel, row] : by_kernel) rows.push_back(std::move(row));
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    return sum(a.gpu_ns) != sum(b.gpu_ns) ? sum(a.gpu_ns) > sum(b.gpu_ns) : a.launches > b.launches;
  });
  return rows;
}

std::string count_or_blank(const KernelRow& row, const char* verdict) {
  const auto found = row.verdicts.find(verdict);
  return found != row.verdicts.end() ? format_count(found->second) : "";
}

void print_kernels(const Context& context, const std::vector<KernelRow>& rows) {
  if (rows.empty()) return;
  std::vector<Table::Column> columns = {{"launches"}};
  std::vector<const char*> shown;
  for (const char* verdict : kVerdicts) {
    const bool any = std::any_of(rows.begin(), rows.end(), [&](const KernelRow& row) {
      return row.verdicts.contains(verdict);
    });
    if (!any) continue;
    shown.push_back(verdict);
    columns.push_back({verdict});
  }
  columns.push_back({"GPU time"});
  columns.push_back({"kernel", Table::Align::Left});
  Table table(columns);
  for (const KernelRow& row : rows) {
    std::vector<std::string> cells = {format_count(row.launches)};
    for (const char* verdict : shown) cells.push_back(count_or_blank(row, verdict));
    cells.push_back(row.gpu_ns.empty() ? "" : format_duration(median(row.gpu_ns)));
    cells.push_back(short_name(demangle(row.name)) + (row.reason.empty() ? "" : ": " + row.reason));
    table.add(std::move(cells));
  }
  table.print(context.out, context.terminal);
}

std::uint64_t count_of(const std::vector<KernelRow>& rows, const char* verdict) {
  std::uint64_t count = 0;
  for (const KernelRow& row : rows)
    if (const auto found = row.verdicts.find(verdict); found != row.verdicts.end())
      count += found->second;
  return count;
}

void print_summary(const Context& context, const Json& report, const std::vector<KernelRow>& rows) {
  std::uint64_t all = 0;
  for (const KernelRow& row : rows) all += row.launches;
  const std::uint64_t lost = count_of(rows, "not replayable");
  context.out << '\n'
              << format_count(all, "kernel execution") << ", " << format_share(all - lost, all)
              << " accounted for, " << format_share(count_of(rows, "exact"), all) << " bit-exact\n";
  const Json& outcome = report.at("outcome");
  const auto verdict = outcome.at("verdict").get<std::string>();
  const std::string line = verdict + ": " + outcome.at("text").get<std::string>();
  const Terminal& terminal = context.terminal;
  context.out << "window " << report.at("window") << " of "
              << report.at("process").get<std::string>() << ", "
              << format_count(report.at("runs").get<std::uint64_t>(), "run") << ": "
              << (verdict == "exact"      ? terminal.green(line)
                  : verdict == "mismatch" ? terminal.red(line)
                                          : terminal.yellow(line))
              << '\n';
  if (outcome.contains("first_divergence"))
    context.out << "first divergence: " << outcome["first_divergence"].get<std::string>() << '\n';
  for (const Json& page : outcome.at("examples"))
    context.out << "  " << page.at("address").get<std::string>() << "  "
                << page.at("page").get<std::string>()
                << (page.at("nondeterministic").get<bool>() ? " (differs from run to run)" : "")
                << '\n';
  if (const auto host = outcome.at("host_pages").get<std::uint64_t>(); host > 0)
    context.out << format_count(host, "page")
                << " of pinned host memory differ: the program wrote them, or nobody knows\n";
  const auto source = report.at("gpu_time_source").get<std::string>();
  if (!source.empty() && source != "CUPTI") context.out << "GPU times: " << source << '\n';
}

void print_deviations(const Context& context, const Json& report) {
  const Json& deviations = report.at("deviations");
  if (deviations.empty()) return;
  context.out << '\n' << context.terminal.bold("Deviations") << '\n';
  std::size_t shown = 0;
  for (const auto& [text, count] : deviations.items()) {
    if (++shown > kDeviationsShown) break;
    context.out << "  " << context.terminal.yellow(text) << " ("
                << format_count(count.get<std::uint64_t>()) << "×)\n";
  }
  if (deviations.size() > kDeviationsShown)
    context.out << "  " << format_count(deviations.size() - kDeviationsShown)
                << " more sorts (--json)\n";
}

}  // namespace

void print_replay(const Context& context, const Json& report) {
  const std::vector<KernelRow> rows = rows_of(report);
  print_kernels(context, rows);
  if (report.at("status") == "done") print_summary(context, report, rows);
  print_deviations(context, report);
}

bool replay_is_clean(const Json& report) {
  if (report.at("status") != "done" || report.at("outcome").at("verdict") == "mismatch")
    return false;
  const Json& launches = report.at("launches");
  return std::none_of(launches.begin(), launches.end(),
                      [](const Json& launch) { return launch.at("verdict") == "mismatch"; });
}

}  // namespace fib::cli
