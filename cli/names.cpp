// SPDX-License-Identifier: Apache-2.0
#include "cli/names.h"

namespace fib::cli {
namespace {

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
    text.replace(at, from.size(), to);
    at += to.size();
  }
}

// Where the parameter list at the end of a function's name starts, or npos.
std::size_t parameter_list(std::string_view name) {
  const std::size_t end = name.find_last_of(')');
  if (end == std::string_view::npos) return end;
  // What may follow it: " const", " [clone .x]". Anything else belongs to the name.
  if (end + 1 < name.size() && name[end + 1] != ' ') return std::string_view::npos;
  int depth = 0;
  for (std::size_t i = end + 1; i-- > 0;) {
    if (name[i] == ')') ++depth;
    if (name[i] == '(' && --depth == 0) return i;
  }
  return std::string_view::npos;
}

// Where the return type ends: after the last space outside all brackets. "operator new" and friends
// don't name kernels.
std::size_t return_type(std::string_view name) {
  int depth = 0;
  std::size_t start = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (c == '<' || c == '(' || c == '[' || c == '{') ++depth;
    if (c == '>' || c == ')' || c == ']' || c == '}') --depth;
    if (c == ' ' && depth == 0) start = i + 1;
  }
  return start;
}

// Template arguments are written as casts, "(unsigned long)4"; parameter lists look alike but for
// what follows.
void remove_cast(std::string& name, std::string_view cast) {
  for (std::size_t at = name.find(cast); at != std::string::npos; at = name.find(cast, at)) {
    const std::size_t end = at + cast.size();
    const char next = end < name.size() ? name[end] : ' ';
    if (next == '-' || (next >= '0' && next <= '9')) {
      name.erase(at, cast.size());
    } else {
      at = end;
    }
  }
}

void remove_noise(std::string& name) {
  replace_all(name, "(anonymous namespace)::", "");
  replace_all(name, "(bool)1", "true");
  replace_all(name, "(bool)0", "false");
  replace_all(name, " >", ">");
  for (const char* cast : {"(int)", "(unsigned int)", "(long)", "(unsigned long)", "(short)",
                           "(unsigned short)", "(char)", "(signed char)", "(unsigned char)"}) {
    remove_cast(name, cast);
  }
}

}  // namespace

std::string short_name(std::string_view demangled) {
  std::string name(demangled);
  // Before anything is cut, so that brackets of "(anonymous namespace)" don't look like parameters.
  remove_noise(name);
  if (const std::size_t start = parameter_list(name); start != std::string::npos && start > 0) {
    name.erase(start);
  }
  name.erase(0, return_type(name));
  return name.empty() ? std::string(demangled) : name;
}

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  for (const char c : text) columns += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return columns;
}

std::string fit(std::string_view text, std::size_t columns) {
  if (columns == 0 || columns_of(text) <= columns) return std::string(text);
  std::size_t taken = 0, bytes = 0;
  while (bytes < text.size() && taken + 1 < columns) {
    do {
      ++bytes;
    } while (bytes < text.size() && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80);
    ++taken;
  }
  return std::string(text.substr(0, bytes)) + "…";
}

}  // namespace fib::cli
