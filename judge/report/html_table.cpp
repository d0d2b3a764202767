// SPDX-License-Identifier: Apache-2.0
#include "judge/report/html_table.h"

#include <array>
#include <cmath>
#include <cstdio>

namespace fib::judge {
namespace {

std::string exact(double value) {
  std::array<char, 40> text;
  std::snprintf(text.data(), text.size(), "%.17g", value);
  return text.data();
}

}  // namespace

TableCell text_cell(std::string_view text) { return {escaped(text), std::nullopt, false}; }

TableCell long_cell(std::string_view text) {
  TableCell cell = text_cell(text);
  cell.is_long = true;
  return cell;
}

TableCell number_cell(std::optional<double> value, std::string_view text) {
  if (!value) return {escaped("–"), std::nullopt, true};
  return {escaped(text), value, true};
}

Markup HtmlTable::markup() const {
  Markup body;
  for (const Row& one : rows_) body += row(one);
  const Markup table =
      element("table", {{"class", "sortable"}},
              element("caption", caption_) + element("thead", head()) + element("tbody", body));
  return element(
      "div", {{"class", "scroll"}, {"role", "region"}, {"aria-label", caption_}, {"tabindex", "0"}},
      table);
}

Markup HtmlTable::head() const {
  Markup cells = element("th", {{"scope", "col"}, {"class", "from"}}, escaped("from"));
  for (const Column& column : columns_)
    cells += element("th",
                     {{"scope", "col"},
                      {"aria-sort", "none"},
                      {"class", column.is_number ? "number" : "text"},
                      {"title", column.hint}},
                     escaped(column.title));
  return element("tr", cells);
}

Markup HtmlTable::row(const Row& row) {
  Markup cells = element("td", {{"class", "from"}}, Commands::mark(row.command));
  for (const TableCell& cell : row.cells) {
    if (cell.is_long)
      cells += element("td", {{"class", "long"}}, cell.content);
    else if (!cell.is_number)
      cells += element("td", cell.content);
    else if (cell.sort && !std::isnan(*cell.sort))
      cells += element("td", {{"class", "number"}, {"data-sort", exact(*cell.sort)}}, cell.content);
    else
      cells += element("td", {{"class", "number"}}, cell.content);
  }
  Markup line = element("tr", {{"data-command", std::to_string(row.command.number)}}, cells);
  line.text += '\n';
  return line;
}

}  // namespace fib::judge
