// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "judge/report/commands.h"
#include "judge/report/html.h"

namespace fib::judge {

struct TableCell {
  Markup content;
  std::optional<double> sort;  ///< a number: what it sorts by, and stands right
  bool is_number = false;
  bool is_long = false;  ///< text that may break anywhere
};
[[nodiscard]] TableCell text_cell(std::string_view text);
/// Of names that templates made long, and lists.
[[nodiscard]] TableCell long_cell(std::string_view text);
/// `value` sorts, `text` is shown; no value shows a dash and sorts last.
[[nodiscard]] TableCell number_cell(std::optional<double> value, std::string_view text);

/// A table that sorts by a click on a title, scrolls sideways where it is too wide, and names the
/// command behind each row.
class HtmlTable {
 public:
  struct Column {
    std::string title;
    bool is_number = false;
    std::string hint;  ///< what the numbers are; shown on hover
  };
  HtmlTable(std::string caption, std::vector<Column> columns)
      : caption_(std::move(caption)), columns_(std::move(columns)) {}

  void add(std::vector<TableCell> cells, CommandRef command) {
    rows_.push_back({std::move(cells), command});
  }
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  [[nodiscard]] Markup markup() const;

 private:
  struct Row {
    std::vector<TableCell> cells;
    CommandRef command;
  };
  [[nodiscard]] Markup head() const;
  [[nodiscard]] static Markup row(const Row& row);

  std::string caption_;
  std::vector<Column> columns_;
  std::vector<Row> rows_;
};

}  // namespace fib::judge
