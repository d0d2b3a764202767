// SPDX-License-Identifier: Apache-2.0
#include <bit>

#include "registry/match/compiler.h"

namespace fib::match {
namespace {

constexpr std::uint32_t kMaxAlignment = 4096;

std::optional<std::size_t> find_tensor(const CompiledDefinition& definition,
                                       const std::string& name, const std::string& pointer,
                                       Problems& problems) {
  const auto slot = definition.tensor(name);
  if (slot && !definition.tensors[*slot].is_scalar) return slot;
  problems.add(pointer, "'" + definition.spec.name + "' has no tensor '" + name + "'",
               "correct the name, or remove it");
  return std::nullopt;
}

void set_demands(const CandidateSpec& spec, const CompiledDefinition& definition,
                 CompiledCandidate& candidate, Problems& problems) {
  for (const auto& [name, demand] : spec.demands) {
    const std::string pointer = below("/spec/launch/tensors", name);
    const auto slot = find_tensor(definition, name, pointer, problems);
    const bool usable = std::has_single_bit(demand.alignment) && std::has_single_bit(demand.tail) &&
                        demand.alignment <= kMaxAlignment && demand.tail <= kMaxAlignment;
    if (!usable) {
      problems.add(pointer, "alignment and tail are no powers of two up to 4096",
                   "write 1 if any will do");
    }
    if (slot) candidate.demands[*slot] = demand;
  }
}

/// Where a constant row ends is no question for each launch.
void settle_tails(const CompiledDefinition& definition, CompiledCandidate& candidate) {
  for (std::size_t i = 0; i < definition.tensors.size(); ++i) {
    const TensorShape& shape = definition.tensors[i];
    TensorDemand& demand = candidate.demands[i];
    if (shape.is_scalar || shape.rank == 0) continue;
    const std::size_t last = shape.axes[shape.rank - std::size_t{1}];
    if ((definition.constant_axes & bit(last)) == 0) continue;
    std::int64_t bits = 0;
    const bool overflow =
        __builtin_mul_overflow(definition.axes[last], std::int64_t{shape.bits}, &bits);
    if (!overflow && bits % (8 * std::int64_t{demand.tail}) == 0) demand.tail = 1;
  }
}

void set_in_place(const CandidateSpec& spec, const CompiledDefinition& definition,
                  CompiledCandidate& candidate, Problems& problems) {
  for (std::size_t i = 0; i < spec.in_place.size(); ++i) {
    const std::string pointer = below("/spec/launch/in_place", i);
    const auto output = find_tensor(definition, spec.in_place[i].first, pointer, problems);
    const auto input = find_tensor(definition, spec.in_place[i].second, pointer, problems);
    if (!output || !input) continue;
    if (!definition.tensors[*output].is_output || definition.tensors[*input].is_output) {
      problems.add(pointer, "not an output and an input", "write [\"OUTPUT\", \"INPUT\"]");
    }
    candidate.in_place[*output] |= bit(*input);
  }
}

}  // namespace

std::optional<CompiledCandidate> compile_candidate(const CandidateSpec& spec,
                                                   Compilation& compilation) {
  Problems& problems = compilation.problems;
  problems.set_origin(spec.origin);
  const std::size_t before = problems.count();
  CompiledCandidate candidate;
  const CompiledDefinition* const definition =
      find_definition(compilation, spec.definition, candidate.definition);
  if (definition == nullptr) return std::nullopt;
  candidate.name = spec.name;
  candidate.origin = spec.origin;
  set_demands(spec, *definition, candidate, problems);
  set_in_place(spec, *definition, candidate, problems);
  Expressions before_launch(compilation, *definition, {~SlotMask{0}, ~SlotMask{0}, false});
  candidate.conditions = before_launch.compile_all("/spec/launch/conditions", spec.conditions);
  const CodeRef bytes = before_launch.compile("/spec/launch/workspace", spec.launch.workspace);
  const bool workspace = !spec.launch.workspace.empty();
  Expressions expressions(compilation, *definition, {~SlotMask{0}, ~SlotMask{0}, workspace});
  if (problems.count() == before) settle_tails(*definition, candidate);
  candidate.launch = compile_launch(spec.launch, expressions, problems);
  candidate.launch.workspace = bytes;
  candidate.needed_axes = before_launch.used_axes() | expressions.used_axes();
  candidate.needed_tensors = before_launch.used_tensors() | expressions.used_tensors();
  if (problems.count() != before) return std::nullopt;
  return candidate;
}

}  // namespace fib::match
