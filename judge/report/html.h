// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

/// HTML and SVG by construction: text gets into a Markup only through functions that escape it.
namespace fib::judge {

struct Markup {
  std::string text;

  Markup& operator+=(const Markup& other) {
    text += other.text;
    return *this;
  }
  friend Markup operator+(Markup a, const Markup& b) { return a += b; }
};

using Attribute = std::pair<std::string_view, std::string>;
using Attributes = std::initializer_list<Attribute>;

/// Text, made harmless; with `lines` its line feeds stay.
[[nodiscard]] Markup escaped(std::string_view text, bool lines = false);

/// <tag attributes>content</tag>; attributes are escaped.
[[nodiscard]] Markup element(std::string_view tag, Attributes attributes,
                             const Markup& content = {});
[[nodiscard]] Markup element(std::string_view tag, const Markup& content);
/// An element with text.
[[nodiscard]] Markup element(std::string_view tag, std::string_view text);

/// JSON as it may stand in a <script>: no '<', '>', '&', U+2028 or U+2029 is left in it.
[[nodiscard]] std::string script_json(std::string_view json);

}  // namespace fib::judge
