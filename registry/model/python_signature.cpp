// SPDX-License-Identifier: Apache-2.0
#include "registry/model/python_signature.h"

#include <algorithm>

#include "registry/model/python_lexer.h"

namespace fib::registry {
namespace {

using ParameterKind = PythonFunction::Kind;
using Parameter = PythonFunction::Parameter;

class Scanner {
 public:
  explicit Scanner(std::string_view source) : lexer_(source) { advance(); }

  PythonSource scan() {
    while (!at_end()) {
      const bool top_level = token_.column == 0;
      if (top_level && token_.is("def")) read_function();
      skip_line();
    }
    if (token_.kind == Token::Kind::Error) {
      source_.error = std::string(token_.text) + " (line " + std::to_string(token_.line) + ')';
    }
    return std::move(source_);
  }

 private:
  void advance() { token_ = lexer_.next(); }
  [[nodiscard]] bool at_end() const {
    return token_.kind == Token::Kind::End || token_.kind == Token::Kind::Error;
  }
  void skip_line() {
    while (!at_end() && token_.kind != Token::Kind::Newline) advance();
    if (!at_end()) advance();
  }

  void read_function() {
    PythonFunction function;
    function.line = token_.line;
    advance();
    if (token_.kind != Token::Kind::Name) return;
    function.name = token_.text;
    advance();
    if (token_.is("[")) skip_type_parameters();
    if (!token_.is("(")) return;
    advance();
    read_parameters(function);
    if (token_.is(")")) source_.functions.push_back(std::move(function));
  }

  void skip_type_parameters() {
    while (!at_end() && lexer_.depth() > 0) advance();
    if (!at_end()) advance();
  }

  // From behind the opening bracket to the closing one.
  void read_parameters(PythonFunction& function) {
    ParameterKind kind = ParameterKind::Positional;
    while (!at_end() && !token_.is(")")) {
      Parameter parameter{"", kind, false};
      if (token_.is("*") || token_.is("**")) {
        parameter.kind = token_.is("*") ? ParameterKind::VarPositional : ParameterKind::VarKeyword;
        kind = ParameterKind::KeywordOnly;
        advance();
      }
      if (token_.kind == Token::Kind::Name) {
        parameter.name = token_.text;
        parameter.has_default = skip_annotation();
        function.parameters.push_back(std::move(parameter));
      } else {
        skip_annotation();  // a lone * or /, or nothing that we understand
      }
      if (token_.is(",")) advance();
    }
  }

  // To the comma or bracket that ends a parameter; whether it has a default value.
  bool skip_annotation() {
    bool has_default = false;
    while (!at_end()) {
      // Depth counts after the token: the parameter list's own bracket is still open at a comma.
      if (lexer_.depth() == 0 || (lexer_.depth() == 1 && token_.is(","))) break;
      if (lexer_.depth() == 1 && token_.is("=")) has_default = true;
      const bool lambda = token_.is("lambda");
      advance();
      if (lambda) skip_to_colon();
    }
    return has_default;
  }

  void skip_to_colon() {
    while (!at_end() && lexer_.depth() > 0 && !(lexer_.depth() == 1 && token_.is(":"))) advance();
  }

  PythonLexer lexer_;
  Token token_{};
  PythonSource source_;
};

bool is_positional(const Parameter& parameter) {
  return parameter.kind == ParameterKind::Positional;
}

}  // namespace

std::vector<std::string> PythonFunction::positional() const {
  std::vector<std::string> names;
  for (const Parameter& parameter : parameters) {
    if (is_positional(parameter)) names.push_back(parameter.name);
  }
  return names;
}

bool PythonFunction::binds(std::size_t arguments) const {
  std::size_t most = 0, least = 0;
  bool any_number = false;
  for (const Parameter& parameter : parameters) {
    if (parameter.kind == ParameterKind::KeywordOnly && !parameter.has_default) return false;
    if (parameter.kind == ParameterKind::VarPositional) any_number = true;
    if (!is_positional(parameter)) continue;
    ++most;
    if (!parameter.has_default) ++least;
  }
  return arguments >= least && (any_number || arguments <= most);
}

const PythonFunction* PythonSource::find(std::string_view name) const {
  const auto found = std::find_if(functions.rbegin(), functions.rend(),
                                  [&](const auto& function) { return function.name == name; });
  return found == functions.rend() ? nullptr : &*found;
}

PythonSource scan_python(std::string_view source) { return Scanner(source).scan(); }

}  // namespace fib::registry
