// SPDX-License-Identifier: Apache-2.0
#include "judge/report/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>

namespace fib::judge {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// One code point of UTF-8 at the text's begin; 0 bytes if there is none.
struct CodePoint {
  std::uint32_t value = 0;
  std::size_t bytes = 0;
};

CodePoint decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < bytes) return {};
  std::uint32_t value = first & (0xFFU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    value = value << 6 | (byte(i) & 0x3FU);
  }
  constexpr std::array<std::uint32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < kSmallest[bytes] || surrogate || value > 0x10FFFF) return {};
  return {value, bytes};
}

bool is_control(std::uint32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029;
}

/// Marks that make text look other than it is.
bool turns_direction(std::uint32_t c) {
  return c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

std::string format(const char* pattern, double value) {
  std::array<char, 64> text;
  std::snprintf(text.data(), text.size(), pattern, value);
  return text.data();
}

}  // namespace

std::string clean(std::string_view text, bool lines) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const CodePoint point = decode(text);
    const std::size_t bytes = std::max<std::size_t>(point.bytes, 1);
    const bool line = point.value == '\n' || point.value == '\t';
    if (point.bytes == 1 && line)
      out += lines ? text[0] : ' ';
    else if (point.bytes == 0 || is_control(point.value) || turns_direction(point.value))
      out += kReplacement;
    else
      out += text.substr(0, bytes);
    text.remove_prefix(bytes);
  }
  return out;
}

std::string html_escape(std::string_view text, bool lines) {
  std::string out;
  for (const char c : clean(text, lines)) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string markdown_escape(std::string_view text) {
  constexpr std::string_view kMarkup = "\\`*_{}[]<>#!|~&@";
  const std::string plain = clean(text);
  std::string out;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const bool url = plain.compare(i, 3, "://") == 0;  // would become a link
    if (url || kMarkup.find(plain[i]) != std::string_view::npos) out += '\\';
    out += plain[i];
  }
  return out;
}

std::string markdown_table(const std::vector<std::string>& titles,
                           const std::vector<std::vector<std::string>>& rows) {
  std::string head = "|", rule = "|";
  for (const std::string& title : titles) {
    const bool right = title.starts_with('>');
    head += ' ' + title.substr(right ? 1 : 0) + " |";
    rule += right ? "---:|" : "---|";
  }
  std::string text = head + '\n' + rule + '\n';
  for (const auto& row : rows) {
    text += '|';
    for (const std::string& cell : row) text += ' ' + cell + " |";
    text += '\n';
  }
  return text;
}

std::string shell_quote(std::string_view word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string_view::npos)
    return std::string(word);
  std::string out = "'";
  for (const char c : word) {
    if (c == '\'')
      out += "'\\''";
    else
      out += c;
  }
  return out + '\'';
}

std::string shortened(std::string_view text, std::size_t most) {
  std::size_t characters = 0, cut = text.size();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) == 0x80) continue;
    if (++characters == most) cut = i;  // where the last character that fits begins
  }
  return characters <= most ? std::string(text) : std::string(text.substr(0, cut)) + "…";
}

std::string figure_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "∞" : "-∞";
  const double size = std::abs(value);
  if (size == 0) return "0";
  if (size < 1e-4 || size >= 1e9) return format("%.2e", value);
  const int digits = 2 - static_cast<int>(std::floor(std::log10(size)));
  std::array<char, 64> text;
  std::snprintf(text.data(), text.size(), "%.*f", std::clamp(digits, 0, 6), value);
  return text.data();
}

std::string time_text(double milliseconds) {
  const double size = std::abs(milliseconds);
  if (size >= 1000) return figure_text(milliseconds / 1000) + " s";
  if (size >= 1 || size == 0) return figure_text(milliseconds) + " ms";
  if (size >= 1e-3) return figure_text(milliseconds * 1e3) + " µs";
  return figure_text(milliseconds * 1e6) + " ns";
}

std::string percent_text(double share) { return format("%.1f %%", share * 100); }

std::string count_text(double count) {
  std::string digits = format("%.0f", count);
  const std::size_t first = digits.starts_with('-') ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3; digits.insert(at, 1, ',')) at -= 3;
  return digits;
}

}  // namespace fib::judge
