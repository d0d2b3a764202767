// SPDX-License-Identifier: Apache-2.0
// Entry point as libFuzzer wants it. The input is tried as an expression, and as the JSON of a
// binding, a launch block and policies; what is accepted is compiled and asked about a launch whose
// parameters end where the memory does.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "registry/bindings/binding.h"
#include "registry/bindings/launch_block.h"
#include "registry/bindings/policies.h"
#include "registry/match/compile.h"
#include "registry/match/match_table.h"
#include "registry/model/json.h"
#include "tests/unit/registry_match/norm_table.h"

namespace {

using namespace fib::match;
using namespace fib::match::testing;
namespace registry = fib::registry;

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "fuzz_bindings: %s\n", what);
  std::abort();
}

void as_expression(std::string_view text) {
  Scope scope;
  scope.add("batch", Scope::Kind::Axis, 0);
  scope.add("hidden", Scope::Kind::Constant, 4096);
  scope.add("x", Scope::Kind::Value, 0);
  const Compiled compiled = compile(text, scope);
  require(compiled.ok() != compiled.program.empty(), "neither a program nor an error");
  require(compiled.error.column <= text.size() + 1, "an error beyond the text");
  if (!compiled.ok()) return;
  const LaunchBuilder launch = norm_launch(4);
  const std::int64_t axes[] = {4}, values[] = {static_cast<std::int64_t>(kX)};
  const LaunchView views[] = {launch.view(), launch.packed(), LaunchView{}};
  for (const LaunchView& view : views) {
    const Value value = evaluate(compiled.program, {&view, axes, values, 0});
    require(value.ok() || value.number == 0, "a failure with a value");
  }
}

/// A table that holds only what the input says, asked about one launch.
void ask(TableSpec spec) {
  for (RuleSpec& rule : spec.rules) rule.definition = "rmsnorm_h4096";
  Fixture fixture(spec);
  for (const Problem& problem : fixture.problems) {
    require(!problem.message.empty(), "a problem without a message");
  }
  const LaunchBuilder builder = norm_launch(4);
  const LaunchView view = builder.packed();
  KernelRules rules;
  rules.count = fixture.table->rules() != 0 ? 1 : 0;
  const Decision decision = fixture.table->lookup(rules, 0, view, fixture.demotions, fixture.bound);
  if (!decision.hit()) return;
  const LaunchProgram& program = fixture.table->candidate(decision.candidate).launch;
  std::vector<std::max_align_t> storage(program.argument_bytes() / sizeof(std::max_align_t) + 1);
  std::vector<void*> pointers(program.argument_count());
  LaunchNumbers numbers;
  for (std::size_t i = 0; i < program.kernels.size(); ++i) {
    (void)fixture.table->prepare(decision.candidate, i, view, fixture.bound, 0,
                                 {std::as_writable_bytes(std::span(storage)), pointers}, numbers);
  }
}

void as_binding(const registry::Json& value) {
  registry::Findings findings;
  const auto binding = registry::read_binding(value, findings);
  require(binding.has_value() != findings.has_errors(), "neither a binding nor an error");
  if (!binding) return;
  registry::Findings again;
  const auto copy = registry::read_binding(registry::to_json(*binding), again);
  require(copy.has_value(), "a binding that was written can't be read");
  require(registry::same_meaning(to_json(*copy), to_json(*binding)),
          "a binding changes when it is written");
  TableSpec spec = norm_spec();
  spec.rules = {binding->rule};
  spec.default_policy.pin = "small";
  ask(std::move(spec));
}

void as_launch(const registry::Json& value) {
  registry::Findings findings;
  const auto block = registry::read_launch(value, findings);
  require(block.has_value() != findings.has_errors(), "neither a launch block nor an error");
  if (!block) return;
  registry::Findings again;
  const auto copy = registry::read_launch(registry::to_json(*block), again);
  require(copy.has_value(), "a launch block that was written can't be read");
  TableSpec spec = norm_spec();
  spec.candidates.resize(1);
  spec.candidates[0].launch = block->launch;
  spec.candidates[0].conditions = block->conditions;
  spec.candidates[0].demands = block->demands;
  spec.candidates[0].in_place = block->in_place;
  spec.default_policy.pin = "small";
  ask(std::move(spec));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  as_expression(text);
  registry::JsonLimits limits;
  limits.bytes = 1u << 16;
  const auto parsed = registry::parse_json(text, limits);
  if (!parsed.ok()) return 0;
  as_binding(parsed.value);
  as_launch(parsed.value);
  registry::Findings findings;
  (void)registry::read_policies(parsed.value, findings);
  return 0;
}
