// SPDX-License-Identifier: Apache-2.0
#include "registry/draft/notes.h"

#include <algorithm>
#include <set>

#include "registry/draft/terms.h"

namespace fib::registry {
namespace {

constexpr std::size_t kMostFields = 256;
constexpr std::size_t kMostValues = 4;
constexpr std::size_t kMostConditions = 32;

Json pointer_note(const ParameterField& field) {
  std::set<std::uint64_t> allocations, offsets;
  for (const PointedMemory& memory : field.memory) {
    if (memory.allocation == 0) continue;
    allocations.insert(memory.allocation);
    offsets.insert(memory.offset);
  }
  Json note = {{"expression", field.expression()}, {"access", to_string(field.access)}};
  if (field.dtype) note["dtype"] = to_string(*field.dtype);
  note["allocations"] = allocations.size();
  if (offsets.size() == 1) note["offset_in_allocation"] = *offsets.begin();
  if (field.room() != 0) note["bytes_behind_it"] = field.room();
  if (field.may_be_null()) note["null"] = true;
  if (field.is_constant()) note["constant"] = true;
  return note;
}

Json scalar_note(const ParameterField& field) {
  Json values = Json::array();
  std::set<std::int64_t> seen;
  for (std::size_t i = 0; i < field.values.size(); ++i) {
    if (!seen.insert(field.values[i]).second || values.size() >= kMostValues) continue;
    values.push_back(field.literal(i));
  }
  return {{"expression", field.expression()},
          {"constant", field.is_constant()},
          {"values", std::move(values)}};
}

Json geometry_note(const ObservedKernel& kernel) {
  Json note = Json::object();
  for (const SizeTerm& term : geometry_terms(kernel)) {
    std::set<std::int64_t> values(term.values.begin(), term.values.end());
    Json list = Json::array();
    for (const std::int64_t value : values) {
      if (list.size() < kMostValues) list.push_back(value);
    }
    note[term.expression] = std::move(list);
  }
  return note;
}

}  // namespace

Json draft_notes(const ObservedKernel& kernel, const std::vector<ParameterField>& fields,
                 const std::vector<std::string>& alternatives) {
  Json pointers = Json::array(), scalars = Json::array();
  for (const ParameterField& field : fields) {
    if (pointers.size() + scalars.size() >= kMostFields) break;
    (field.is_pointer() ? pointers : scalars)
        .push_back(field.is_pointer() ? pointer_note(field) : scalar_note(field));
  }
  std::vector<SizeTerm> terms = geometry_terms(kernel);
  for (SizeTerm& term : parameter_terms(fields)) terms.push_back(std::move(term));
  Json note = {{"launches", kernel.count()},        {"different", kernel.launches.size()},
               {"geometry", geometry_note(kernel)}, {"pointers", std::move(pointers)},
               {"scalars", std::move(scalars)},     {"relations", relations(terms)}};
  if (kernel.left_out != 0) note["not_looked_at"] = kernel.left_out;
  if (!alternatives.empty()) note["alternatives"] = alternatives;
  return note;
}

std::vector<std::string> constant_conditions(const std::vector<ParameterField>& fields,
                                             const std::vector<std::string>& used) {
  constexpr std::int64_t kMostPlausible = std::int64_t{1} << 40;
  std::vector<std::string> conditions;
  for (const ParameterField& field : fields) {
    const std::string expression = field.expression();
    if (field.is_pointer() || !field.is_constant() || conditions.size() >= kMostConditions ||
        std::find(used.begin(), used.end(), expression) != used.end()) {
      continue;
    }
    const std::int64_t value = field.values.front();
    if (!field.is_float() && (value > kMostPlausible || value < -kMostPlausible)) continue;
    conditions.push_back(expression + " == " + field.literal(0));
  }
  return conditions;
}

}  // namespace fib::registry
