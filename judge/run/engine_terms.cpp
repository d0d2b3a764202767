// SPDX-License-Identifier: Apache-2.0
#include "judge/run/engine_terms.h"

#include <algorithm>
#include <array>
#include <vector>

#include "registry/match/lexer.h"

namespace fib::judge {
namespace {

/// The first term of the launch in an expression; empty if there is none.
std::string launch_term(const std::string& expression) {
  static constexpr std::array<std::string_view, 5> kTerms = {"param", "grid", "block", "cluster",
                                                             "smem"};
  match::Lexer lexer(expression);
  for (match::Token token = lexer.next();
       token.kind != match::TokenKind::End && token.kind != match::TokenKind::Bad;
       token = lexer.next())
    if (token.kind == match::TokenKind::Name &&
        std::ranges::find(kTerms, token.text) != kTerms.end())
      return std::string(token.text);
  return {};
}

/// All expressions of an argument; `copied` gets the parameter that it copies.
void collect(const match::ArgumentSpec& argument, std::vector<std::string>& expressions,
             const match::CopySpec*& copied) {
  using Kind = match::ArgumentSpec::Kind;
  if (argument.kind == Kind::Copy) copied = &argument.copy;
  if (argument.kind == Kind::Value) expressions.push_back(argument.value);
  for (const match::FieldSpec& field : argument.fields) expressions.push_back(field.value);
}

}  // namespace

std::string asked_of_engine(const match::CandidateSpec& candidate) {
  std::vector<std::string> expressions = candidate.conditions;
  expressions.push_back(candidate.launch.workspace);
  const match::CopySpec* copied = nullptr;
  for (const match::KernelLaunchSpec& kernel : candidate.launch.kernels) {
    for (const auto* part : {&kernel.grid, &kernel.block, &kernel.cluster})
      expressions.insert(expressions.end(), part->begin(), part->end());
    expressions.push_back(kernel.shared);
    for (const match::ArgumentSpec& argument : kernel.arguments)
      collect(argument, expressions, copied);
  }
  if (copied != nullptr)
    return "copy parameter " + std::to_string(copied->parameter) + " of the engine's launch";
  for (const std::string& expression : expressions)
    if (const std::string term = launch_term(expression); !term.empty())
      return "ask for \"" + term + "\" of the engine's launch";
  return {};
}

}  // namespace fib::judge
