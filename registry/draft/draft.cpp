// SPDX-License-Identifier: Apache-2.0
#include "registry/draft/draft.h"

#include <algorithm>
#include <cctype>

#include "registry/draft/matcher.h"
#include "registry/draft/notes.h"
#include "registry/model/sha1.h"

namespace fib::registry {
namespace {

constexpr std::size_t kMostGuesses = 4;   ///< the best, and alternatives
constexpr std::size_t kMostTensors = 12;  ///< of a drafted Definition
constexpr std::size_t kMostAxes = 16;     ///< that a table takes
constexpr std::size_t kLongestName = 80;

/// Everything but axes and tensors.
Binding start(const ObservedKernel& kernel, const std::string& definition) {
  Binding binding;
  binding.rule.definition = definition;
  binding.rule.kind = match::NameMatch::Exact;
  binding.rule.pattern = kernel.name;
  if (kernel.layout_known) binding.rule.layout = kernel.layout;
  binding.rule.code = kernel.code;
  return binding;
}

std::string described(const ObservedKernel& kernel, const DraftOptions& options,
                      const std::string& what) {
  return "Drafted from " + std::to_string(kernel.count()) + " recorded launches" +
         (options.source.empty() ? "" : " (" + options.source + ")") + ". " + what;
}

void set_notes(const ObservedKernel& kernel, const std::vector<ParameterField>& fields,
               const std::vector<std::string>& alternatives, Binding& binding) {
  binding.members.set_unknown("draft", draft_notes(kernel, fields, alternatives));
}

std::vector<std::string> used_expressions(const match::RuleSpec& rule) {
  std::vector<std::string> used;
  for (const match::AxisBinding& axis : rule.axes) used.push_back(axis.expression);
  for (const auto* const group : {&rule.inputs, &rule.outputs}) {
    for (const match::TensorBinding& tensor : *group) used.push_back(tensor.expression);
  }
  return used;
}

// ---- with a Definition --------------------------------------------------------------------------

match::TensorBinding bound(const TensorGuess& guess, bool is_scalar, const DraftOptions& options) {
  match::TensorBinding tensor;
  tensor.tensor = guess.tensor;
  if (guess.field == nullptr) return tensor;
  tensor.expression = guess.field->expression();
  if (is_scalar) return tensor;
  tensor.disjoint = options.is_copy;
  if (guess.size_known || options.is_copy) return tensor;
  // The whole rest of the allocation: too much, which at worst keeps the original.
  const std::uint64_t room = guess.field->room();
  if (room != 0) {
    tensor.bytes = std::to_string(room);
  } else {
    tensor.disjoint = true;
  }
  return tensor;
}

void take(const Guess& guess, const Definition& definition, const DraftOptions& options,
          match::RuleSpec& rule) {
  for (const AxisGuess& axis : guess.axes) {
    rule.axes.push_back({axis.axis, axis.expression, axis.stated});
  }
  for (const TensorGuess& input : guess.inputs) {
    const TensorSpec* const spec = definition.inputs.find(input.tensor);
    rule.inputs.push_back(bound(input, spec == nullptr || spec->is_scalar(), options));
  }
  for (const TensorGuess& output : guess.outputs) {
    rule.outputs.push_back(bound(output, false, options));
  }
}

std::string guess_description(const Guess& guess) {
  std::string text =
      "A guess from types, sizes and the order of parameters; check it before you rely on it.";
  for (const AxisGuess& axis : guess.axes) {
    if (axis.stated)
      text += " Nothing shows that " + axis.axis + " is " + std::to_string(*axis.stated) + '.';
  }
  return text;
}

// ---- without a Definition -----------------------------------------------------------------------

std::string tensor_name(const ParameterField& field) {
  std::string name = "p" + std::to_string(field.parameter);
  return field.offset == 0 ? name : name + '_' + std::to_string(field.offset);
}

/// Drafts the Definition together with the binding.
class Drafter {
 public:
  Drafter(const ObservedKernel& kernel, const std::vector<ParameterField>& fields,
          const DraftOptions& options, Draft& draft)
      : kernel_(kernel), fields_(fields), options_(options), draft_(draft) {}

  void run() {
    Definition& definition = draft_.definition.emplace();
    definition.op_type = kDraftOpType;
    definition.description = "Drafted from recorded launches of " +
                             kernel_.demangled.substr(0, 300) +
                             ": what it computes is for you to write.";
    choose_outputs();
    for (const ParameterField* const field : pointers_) add_tensor(*field);
    if (!options_.is_copy) add_axes();
    definition.reference = reference();
  }

  [[nodiscard]] std::string text() const {
    std::string text = options_.is_copy
                           ? "For a copy of the kernel itself: overlaps are not looked at, so "
                             "remove \"disjoint\" before you use it for anything else."
                           : "Each pointer became a tensor of unknown size: describe them.";
    if (guessed_) text += " Which pointers are outputs is a guess.";
    return text;
  }

 private:
  /// Written ones, as far as that is known; else the last pointer, as most kernels have it.
  void choose_outputs() {
    bool any = false;
    for (const ParameterField& field : fields_) {
      const bool usable = field.is_pointer() && !field.may_be_null();
      if (!usable || pointers_.size() >= kMostTensors) continue;
      pointers_.push_back(&field);
      guessed_ = guessed_ || field.access == Access::Unknown;
      any = any || is_write(field.access);
    }
    if (any || pointers_.empty()) return;
    guessed_ = true;
    fallback_output_ = pointers_.back();
  }

  [[nodiscard]] bool is_output(const ParameterField& field) const {
    return is_write(field.access) || &field == fallback_output_;
  }

  void add_tensor(const ParameterField& field) {
    const std::string name = tensor_name(field), axis = name + "_elements";
    Definition& definition = *draft_.definition;
    match::RuleSpec& rule = draft_.binding.rule;
    TensorSpec tensor;
    tensor.shape = {axis};
    tensor.dtype = field.dtype.value_or(DType::Int8);
    tensor.description = field.expression() + ", " + to_string(field.access);
    Axis size;
    size.description = "Elements of " + name + "; the launch does not show them";
    definition.axes.add(axis, std::move(size));
    rule.axes.push_back({axis, "", std::nullopt});
    match::TensorBinding bound;
    bound.tensor = name;
    bound.expression = field.expression();
    if (options_.is_copy || field.room() == 0) {
      bound.disjoint = true;
    } else {
      bound.bytes = std::to_string(field.room());
    }
    const bool output = is_output(field);
    (output ? definition.outputs : definition.inputs).add(name, std::move(tensor));
    (output ? rule.outputs : rule.inputs).push_back(std::move(bound));
  }

  void add_axes() {
    Definition& definition = *draft_.definition;
    for (const ParameterField& field : fields_) {
      if (!field.may_be_size() || field.is_constant() || definition.axes.size() >= kMostAxes)
        continue;
      const std::string name = "s" + tensor_name(field).substr(1);
      Axis axis;
      axis.description = field.expression() + ", which varies";
      definition.axes.add(name, std::move(axis));
      draft_.binding.rule.axes.push_back({name, field.expression(), std::nullopt});
    }
    draft_.binding.rule.conditions = constant_conditions(fields_, {});
  }

  [[nodiscard]] std::string reference() const {
    std::string names;
    for (const auto& [name, tensor] : draft_.definition->inputs) {
      names += (names.empty() ? "" : ", ") + name;
    }
    return "def run(" + names +
           "):\n    raise NotImplementedError(\"a draft: nobody has written what it computes\")\n";
  }

  const ObservedKernel& kernel_;
  const std::vector<ParameterField>& fields_;
  const DraftOptions& options_;
  Draft& draft_;
  std::vector<const ParameterField*> pointers_;
  const ParameterField* fallback_output_ = nullptr;
  bool guessed_ = false;
};

std::string why_not(const ObservedKernel& kernel) {
  if (kernel.launches.empty()) return "none of its launches ran";
  if (!kernel.layout_known) return "the driver could not tell its parameters";
  return "";
}

}  // namespace

Draft draft_binding(const ObservedKernel& kernel, const Definition& definition,
                    const DraftOptions& options) {
  Draft draft;
  draft.problem = why_not(kernel);
  if (!draft.ok()) return draft;
  const std::vector<ParameterField> fields = parameter_fields(kernel);
  const std::vector<Guess> guesses = match_definition(definition, kernel, fields, kMostGuesses);
  if (guesses.empty()) {
    draft.problem = "none of its pointers can be an output of '" + definition.name + '\'';
    return draft;
  }
  draft.binding = start(kernel, definition.name);
  take(guesses.front(), definition, options, draft.binding.rule);
  if (!options.is_copy) {
    draft.binding.rule.conditions =
        constant_conditions(fields, used_expressions(draft.binding.rule));
  }
  std::vector<std::string> alternatives;
  for (std::size_t i = 1; i < guesses.size(); ++i) alternatives.push_back(guesses[i].text());
  set_notes(kernel, fields, alternatives, draft.binding);
  draft.binding.description = described(kernel, options, guess_description(guesses.front()));
  return draft;
}

Draft draft_binding(const ObservedKernel& kernel, const DraftOptions& options) {
  Draft draft;
  draft.problem = why_not(kernel);
  if (!draft.ok()) return draft;
  const std::vector<ParameterField> fields = parameter_fields(kernel);
  draft.binding = start(kernel, "");
  Drafter drafter(kernel, fields, options, draft);
  drafter.run();
  set_notes(kernel, fields, {}, draft.binding);
  draft.binding.description = described(kernel, options, drafter.text());
  return draft;
}

std::string draft_name(const ObservedKernel& kernel, const std::string& short_name) {
  std::string name;
  for (const char c : short_name) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (plain) name += c;
    if (!plain && !name.empty() && name.back() != '_') name += '_';
  }
  name.resize(std::min(name.size(), kLongestName));
  while (!name.empty() && name.back() == '_') name.pop_back();
  Sha1 hash;
  hash.add(kernel.name);
  for (const match::ParamSlot& slot : kernel.layout) {
    hash.add(std::to_string(slot.offset) + ':' + std::to_string(slot.size) + ' ');
  }
  if (kernel.code)
    hash.add({reinterpret_cast<const char*>(kernel.code->data()), kernel.code->size()});
  return (name.empty() ? "kernel" : name) + '_' + hash.hex().substr(0, 8);
}

}  // namespace fib::registry
