// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include <algorithm>
#include <ostream>

#include "cli/names.h"

namespace fib::cli {
namespace {

constexpr std::string_view kGap = "  ";
constexpr std::size_t kNarrowestLastColumn = 24;

std::string pad(const std::string& text, std::size_t width, Table::Align align) {
  const std::size_t columns = columns_of(text);
  const std::string space(width > columns ? width - columns : 0, ' ');
  return align == Table::Align::Right ? space + text : text + space;
}

}  // namespace

void Table::add(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  rows_.push_back(std::move(cells));
}

std::vector<std::size_t> Table::widths() const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = columns_of(columns_[i].title);
    for (const auto& row : rows_) width = std::max(width, columns_of(row[i]));
    widths.push_back(width);
  }
  return widths;
}

void Table::print(std::ostream& out, const Terminal& terminal, std::size_t indent) const {
  if (columns_.empty()) return;
  std::vector<std::size_t> width = widths();
  std::size_t before_last = indent;
  for (std::size_t i = 0; i + 1 < width.size(); ++i) before_last += width[i] + kGap.size();
  if (terminal.columns() > 0) {
    const std::size_t left =
        terminal.columns() > before_last ? terminal.columns() - before_last : 0;
    width.back() = std::min(width.back(), std::max(left, kNarrowestLastColumn));
  }
  const auto print_row = [&](const std::vector<std::string>& cells, bool title) {
    std::string line(indent, ' ');
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const bool last = i + 1 == cells.size();
      line += pad(last ? fit(cells[i], width[i]) : cells[i], width[i], columns_[i].align);
      if (!last) line += kGap;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out << (title ? terminal.bold(line) : line) << '\n';
  };
  std::vector<std::string> titles;
  for (const Column& column : columns_) titles.push_back(column.title);
  print_row(titles, true);
  for (const auto& row : rows_) print_row(row, false);
}

}  // namespace fib::cli
