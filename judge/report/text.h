// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Texts of reports. What comes from registries and captures is anybody's: it gets into a report
/// through one of the functions that make it harmless there.
namespace fib::judge {

/// UTF-8 without control characters and marks that turn the direction of text: those, and bytes
/// that are no UTF-8, become U+FFFD; line feeds and tabs become spaces unless `lines`.
[[nodiscard]] std::string clean(std::string_view text, bool lines = false);

/// clean(), and `&`, `<`, `>` and quotes as entities: for text and attributes.
[[nodiscard]] std::string html_escape(std::string_view text, bool lines = false);

/// clean(), and what Markdown or HTML in it would take for markup behind a backslash.
[[nodiscard]] std::string markdown_escape(std::string_view text);

/// A table of cells that are Markdown already. A title that begins with '>' is of a column of
/// numbers.
[[nodiscard]] std::string markdown_table(const std::vector<std::string>& titles,
                                         const std::vector<std::vector<std::string>>& rows);

/// The word as a shell reads it back: in quotes where it needs them.
[[nodiscard]] std::string shell_quote(std::string_view word);

/// At most `most` characters, the end replaced by an ellipsis.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t most);

/// "12.3 µs", "4.56 ms", "1.20 s": three digits.
[[nodiscard]] std::string time_text(double milliseconds);
/// "1.23"; three digits, without an exponent where it can be.
[[nodiscard]] std::string figure_text(double value);
/// "12.3 %".
[[nodiscard]] std::string percent_text(double share);
/// "1,234".
[[nodiscard]] std::string count_text(double count);

}  // namespace fib::judge
