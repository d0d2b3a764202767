// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <map>
#include <ostream>

#include "cli/facts_json.h"
#include "cli/names.h"
#include "cli/table.h"
#include "cli/units.h"
#include "cli/verb.h"

namespace fib::cli {
namespace {

const std::map<std::string, SortKey> kSortKeys = {{"launches", SortKey::Launches},
                                                  {"name", SortKey::Name},
                                                  {"time", SortKey::Time},
                                                  {"grid", SortKey::Grid}};

std::string triple(const std::array<std::uint32_t, 3>& axes) {
  std::string text = std::to_string(axes[0]);
  if (axes[1] != 1 || axes[2] != 1) text += "×" + std::to_string(axes[1]);
  if (axes[2] != 1) text += "×" + std::to_string(axes[2]);
  return text;
}

// The commonest shape, and how many others there are.
std::string shapes_of(const KernelRow& row) {
  const LaunchShape* common = nullptr;
  std::uint64_t most = 0;
  for (const auto& [shape, count] : row.shapes) {
    if (count > most) {
      most = count;
      common = &shape;
    }
  }
  if (common == nullptr) return "-";
  std::string text = triple(common->grid) + " / " + triple(common->block);
  if (row.shapes.size() > 1) text += " +" + std::to_string(row.shapes.size() - 1);
  return text;
}

class LsVerb : public Verb {
 public:
  std::string name() const override { return "ls"; }
  std::string summary() const override { return "List the kernels of a capture"; }
  std::string details() const override {
    return "One line for each kernel (same code and name): how often it ran, how many of\n"
           "these runs came from graph launches, host time in its launch calls, the\n"
           "commonest grid and block and how many other shapes there are, the beginning of\n"
           "its image's hash (- if not stored), name.\n"
           "\n"
           "Example:\n"
           "  fib ls capture --sort time --limit 20";
  }
  void add_options(CLI::App& app) override {
    app.add_option("CAPTURE", path_, "The capture")->type_name("")->required();
    app.add_option("--sort", sort_,
                   "Order: launches, name, time (host time in launch calls) or grid")
        ->type_name("KEY")
        ->transform(CLI::CheckedTransformer(kSortKeys).description(""))
        ->default_str("launches");
    app.add_flag("--mangled", mangled_, "Names as the binary has them, in full");
    app.add_option("--limit", limit_, "Print at most this many kernels")->type_name("N");
    app.add_flag("--json", json_, "Print a JSON array, with all shapes");
  }
  int run(const Context& context) override {
    std::vector<KernelRow> rows = kernel_rows(read_capture(path_));
    sort_rows(rows, sort_);
    const std::size_t all = rows.size();
    if (limit_ > 0 && limit_ < rows.size()) rows.resize(limit_);
    if (json_) {
      nlohmann::ordered_json list = nlohmann::ordered_json::array();
      for (const KernelRow& row : rows) list.push_back(to_json(row));
      context.out << to_text(list, 2) << '\n';
      return 0;
    }
    print(context, rows);
    if (rows.size() < all) {
      context.out << "… " << format_count(all - rows.size()) << " more (--limit)\n";
    }
    return 0;
  }

 private:
  void print(const Context& context, const std::vector<KernelRow>& rows) const {
    Table table({{"run"},
                 {"by graphs"},
                 {"failed"},
                 {"host time"},
                 {"grid / block", Table::Align::Left},
                 {"image", Table::Align::Left},
                 {"kernel", Table::Align::Left}});
    for (const KernelRow& row : rows) {
      const std::string mark = row.filtered ? "(filtered) " : row.uncountable ? "(at least) " : "";
      table.add({format_count(row.executed()), format_count(row.graph), format_count(row.failed),
                 format_duration(row.host_ns), shapes_of(row),
                 row.image.empty() ? "-" : row.image.substr(0, 8),
                 mark + (mangled_ ? row.name : short_name(demangle(row.name)))});
    }
    // Mangled names are for other tools to read, so they are never cut.
    table.print(context.out, mangled_ ? Terminal() : context.terminal);
  }

  std::string path_;
  SortKey sort_ = SortKey::Launches;
  std::size_t limit_ = 0;
  bool mangled_ = false, json_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_ls_verb() { return std::make_unique<LsVerb>(); }

}  // namespace fib::cli
