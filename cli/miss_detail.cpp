// SPDX-License-Identifier: Apache-2.0
#include "cli/miss_detail.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "cli/units.h"
#include "registry/match/compile.h"
#include "registry/match/evaluate.h"

namespace fib::cli {
namespace {

using match::Reason;
using match::Scope;
using match::Value;

/// One binding against one launch, with names and texts.
class Trial {
 public:
  Trial(const match::RuleSpec& rule, const match::DefinitionSpec& definition,
        const match::LaunchView& launch)
      : rule_(rule), definition_(definition), launch_(launch) {
    for (const match::AxisSpec& axis : definition.axes) {
      if (axis.value) scope_.add(axis.name, Scope::Kind::Constant, *axis.value);
    }
  }

  /// The first condition of the binding that does not hold, or has no value.
  std::string conditions() { return first_failure(rule_.conditions, "condition"); }
  std::string checks() { return first_failure(rule_.checks, "check"); }

  /// Binds the axes; what is wrong with the first that is.
  std::string axes() {
    for (const match::AxisBinding& binding : rule_.axes) {
      if (binding.expression.empty() && !binding.stated) continue;
      const std::string source =
          binding.stated ? std::to_string(*binding.stated) : binding.expression;
      const Value value = number(source);
      if (!value.ok()) return no_value("axis " + binding.axis, source, value);
      const match::AxisSpec* const axis = axis_of(binding.axis);
      if (axis == nullptr) continue;
      if (axis->value) {
        if (value.number == *axis->value) continue;
        return binding.axis + " is " + std::to_string(value.number) + ", the Definition has " +
               std::to_string(*axis->value);
      }
      if (value.number <= 0) return binding.axis + " is " + std::to_string(value.number);
      bound_[binding.axis] = value.number;
      scope_.add(binding.axis, Scope::Kind::Constant, value.number);
    }
    return "";
  }

  /// Binds inputs and outputs; those whose address `wrong` objects to.
  template <typename Wrong>
  std::string tensors(Wrong wrong) {
    std::string names;
    for (const auto* const group : {&rule_.inputs, &rule_.outputs}) {
      for (const match::TensorBinding& binding : *group) {
        if (binding.expression.empty()) continue;
        const Value value = number(binding.expression);
        if (!value.ok()) return no_value(binding.tensor, binding.expression, value);
        scope_.add(binding.tensor, Scope::Kind::Constant, value.number);
        const match::TensorSpec* const tensor = tensor_of(binding.tensor);
        if (tensor == nullptr || tensor->is_scalar || !wrong(*tensor, value.number)) continue;
        names += (names.empty() ? "" : ", ") + binding.tensor + " at " +
                 format_hex(static_cast<std::uint64_t>(value.number));
      }
    }
    return names;
  }

  [[nodiscard]] const std::map<std::string, std::int64_t>& bound() const { return bound_; }

 private:
  [[nodiscard]] Value number(const std::string& source) const {
    const match::Compiled compiled = match::compile(source, scope_);
    if (!compiled.ok() || compiled.program.empty()) return {0, match::Failure::NoSuchParameter};
    const match::Frame frame{&launch_, nullptr, nullptr, 0};
    return match::evaluate(compiled.program, frame);
  }

  static std::string no_value(const std::string& what, const std::string& source,
                              const Value& value) {
    return what + ": `" + source + "` has no value (" + match::to_string(value.failure) + ')';
  }

  std::string first_failure(const std::vector<std::string>& sources, const std::string& what) {
    for (const std::string& source : sources) {
      const Value value = number(source);
      if (!value.ok()) return no_value(what, source, value);
      if (value.number == 0) return what + " `" + source + '`' + left_side(source);
    }
    return "";
  }

  /// ", where block.x is 128" of "block.x == 256": what the launch has.
  [[nodiscard]] std::string left_side(const std::string& source) const {
    const std::size_t at = source.find_first_of("=!<>");
    if (at == std::string::npos || at == 0) return "";
    std::string left = source.substr(0, at);
    left.erase(left.find_last_not_of(' ') + 1);
    const match::Compiled compiled = match::compile(left, scope_);
    if (!compiled.ok() || compiled.program.empty()) return "";
    const Value value = number(left);
    return value.ok() ? ", where `" + left + "` is " + std::to_string(value.number) : "";
  }

  [[nodiscard]] const match::AxisSpec* axis_of(const std::string& name) const {
    for (const match::AxisSpec& axis : definition_.axes) {
      if (axis.name == name) return &axis;
    }
    return nullptr;
  }
  [[nodiscard]] const match::TensorSpec* tensor_of(const std::string& name) const {
    for (const auto* const group : {&definition_.inputs, &definition_.outputs}) {
      for (const match::TensorSpec& tensor : *group) {
        if (tensor.name == name) return &tensor;
      }
    }
    return nullptr;
  }

  const match::RuleSpec& rule_;
  const match::DefinitionSpec& definition_;
  const match::LaunchView& launch_;
  Scope scope_;
  std::map<std::string, std::int64_t> bound_;
};

std::string list_of(const std::map<std::string, std::int64_t>& axes) {
  std::string text;
  for (const auto& [name, value] : axes) {
    text += (text.empty() ? "" : ", ") + name + " = " + std::to_string(value);
  }
  return text.empty() ? "no axes" : text;
}

/// How far apart two tuples are: sizes are compared by their ratio.
double distance(const std::map<std::string, std::int64_t>& a,
                const std::map<std::string, std::int64_t>& b) {
  double sum = 0;
  for (const auto& [name, value] : a) {
    const double ratio = std::log(static_cast<double>(std::max<std::int64_t>(value, 1))) -
                         std::log(static_cast<double>(std::max<std::int64_t>(b.at(name), 1)));
    sum += ratio * ratio;
  }
  return sum;
}

/// The measured axes of a Definition that are nearest to these.
std::string nearest(const match::TableSpec& spec, const std::string& definition,
                    const std::string& gpu, const std::map<std::string, std::int64_t>& axes) {
  constexpr std::size_t kShown = 2;
  std::set<std::pair<double, std::string>> found;
  for (const match::Measurement& measurement : spec.measurements) {
    if (measurement.definition != definition || measurement.gpu != gpu) continue;
    std::map<std::string, std::int64_t> measured;
    for (const auto& [name, value] : axes) {
      const auto axis = measurement.axes.find(name);
      if (axis != measurement.axes.end()) measured.emplace(*axis);
    }
    if (measured.size() != axes.size()) continue;
    found.emplace(distance(axes, measured), list_of(measured));
    if (found.size() > kShown) found.erase(std::prev(found.end()));
  }
  std::string text;
  for (const auto& [far, tuple] : found) text += (text.empty() ? "" : "; ") + tuple;
  return text.empty() ? "nothing" : text;
}

std::string measured_gpus(const match::TableSpec& spec, const std::string& definition) {
  std::set<std::string> gpus;
  for (const match::Measurement& measurement : spec.measurements) {
    if (measurement.definition == definition) gpus.insert(measurement.gpu);
  }
  std::string text;
  for (const std::string& gpu : gpus) text += (text.empty() ? "" : ", ") + gpu;
  return text.empty() ? "nothing was measured anywhere" : "measured on " + text;
}

constexpr std::int64_t kVector = 16;

/// What the tensors have to do with it. A candidate may ask for less than 16 bytes, but then it
/// would not be the reason.
std::string tensor_detail(Reason reason, Trial& trial) {
  switch (reason) {
    case Reason::BadAddress:
      return trial.tensors([](const auto&, std::int64_t address) { return address <= 0; });
    case Reason::Misaligned:
      return trial.tensors(
          [](const auto&, std::int64_t address) { return address % kVector != 0; });
    case Reason::Aliasing: {
      std::map<std::int64_t, int> seen;
      (void)trial.tensors([&](const auto&, std::int64_t address) { return ++seen[address] > 2; });
      return trial.tensors([&](const auto&, std::int64_t address) { return seen[address] > 1; });
    }
    default: return "";
  }
}

}  // namespace

MissDetail::MissDetail(const match::TableSpec& spec) : spec_(spec) {
  for (const match::RuleSpec& rule : spec.rules)
    rules_.emplace(rule.origin + '\n' + rule.name, &rule);
  for (const auto& definition : spec.definitions)
    definitions_.emplace(definition.name, &definition);
}

std::string MissDetail::text(const match::Decision& decision, const match::CompiledRule& rule,
                             const match::LaunchView& launch, const std::string& gpu) const {
  const auto source = rules_.find(rule.origin + '\n' + rule.name);
  if (source == rules_.end()) return "";
  const auto definition = definitions_.find(source->second->definition);
  if (definition == definitions_.end()) return "";
  if (decision.reason == Reason::DeviceMismatch) {
    return "this is " + gpu + ", " + measured_gpus(spec_, definition->first);
  }
  Trial trial(*source->second, *definition->second, launch);
  if (std::string failed = trial.conditions(); !failed.empty()) return failed;
  if (std::string failed = trial.axes(); !failed.empty()) return failed;
  switch (decision.reason) {
    case Reason::AxisOutOfRange:
    case Reason::NotFound:
      return list_of(trial.bound()) +
             "; measured nearest: " + nearest(spec_, definition->first, gpu, trial.bound());
    case Reason::NotClear: return list_of(trial.bound());
    case Reason::ConditionFalse:
    case Reason::ExpressionFailed:
      if (std::string failed = trial.tensors([](const auto&, std::int64_t) { return false; });
          !failed.empty()) {
        return failed;
      }
      return trial.checks();
    default: return tensor_detail(decision.reason, trial);
  }
}

}  // namespace fib::cli
