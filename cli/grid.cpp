// SPDX-License-Identifier: Apache-2.0
#include "cli/grid.h"

#include <ostream>

#include "cli/registry_commands.h"
#include "cli/table.h"
#include "judge/report/text.h"

namespace fib::cli {
namespace {

void print_markdown(const Grid& grid, std::ostream& out) {
  std::vector<std::vector<std::string>> rows = grid.rows;
  for (auto& row : rows)
    for (std::string& cell : row) cell = judge::markdown_escape(cell);
  out << judge::markdown_table(grid.titles, rows);
}

}  // namespace

void print(const Grid& grid, const Context& context, GridForm form) {
  if (form == GridForm::Markdown) {
    print_markdown(grid, context.out);
    return;
  }
  std::vector<Table::Column> columns;
  for (const std::string& title : grid.titles) {
    const bool right = title.starts_with('>');
    columns.push_back(
        {title.substr(right ? 1 : 0), right ? Table::Align::Right : Table::Align::Left});
  }
  Table table(std::move(columns));
  for (std::vector<std::string> row : grid.rows) {
    for (std::string& cell : row) cell = printable(std::move(cell));
    table.add(std::move(row));
  }
  table.print(context.out, context.terminal);
}

}  // namespace fib::cli
