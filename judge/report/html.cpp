// SPDX-License-Identifier: Apache-2.0
#include "judge/report/html.h"

#include "judge/report/text.h"

namespace fib::judge {

Markup escaped(std::string_view text, bool lines) { return {html_escape(text, lines)}; }

Markup element(std::string_view tag, Attributes attributes, const Markup& content) {
  Markup markup{"<" + std::string(tag)};
  for (const auto& [name, value] : attributes)
    markup.text += ' ' + std::string(name) + "=\"" + html_escape(value) + '"';
  markup.text += '>';
  markup += content;
  markup.text += "</" + std::string(tag) + '>';
  return markup;
}

Markup element(std::string_view tag, const Markup& content) { return element(tag, {}, content); }

Markup element(std::string_view tag, std::string_view text) {
  return element(tag, {}, escaped(text));
}

std::string script_json(std::string_view json) {
  std::string out;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    const std::string_view three = json.substr(i, 3);
    if (c == '<') {
      out += "\\u003c";
    } else if (c == '>') {
      out += "\\u003e";
    } else if (c == '&') {
      out += "\\u0026";
    } else if (three == "\xE2\x80\xA8" || three == "\xE2\x80\xA9") {
      out += three[2] == '\xA8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace fib::judge
