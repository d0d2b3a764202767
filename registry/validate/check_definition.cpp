// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "registry/model/python_signature.h"
#include "registry/model/shapes.h"
#include "registry/store/layout.h"
#include "registry/validate/checks.h"

namespace fib::registry {
namespace {

void check_description(Reporter& reporter, const std::string& pointer,
                       const std::optional<std::string>& description) {
  if (description && !description->empty()) return;
  reporter.warning("definition.description", pointer, "has no description",
                   "say in \"description\" what it is");
}

void check_descriptions(const Definition& definition, Reporter& reporter) {
  check_description(reporter, "", definition.description);
  for (const auto& [name, axis] : definition.axes) {
    check_description(reporter, child("/axes", name), axis.description);
  }
  for (const auto& [name, tensor] : definition.inputs) {
    check_description(reporter, child("/inputs", name), tensor.description);
  }
  for (const auto& [name, tensor] : definition.outputs) {
    check_description(reporter, child("/outputs", name), tensor.description);
  }
}

void check_names(const Definition& definition, Reporter& reporter) {
  for (const auto& [pointer, name] :
       {std::pair("/name", &definition.name), std::pair("/op_type", &definition.op_type)}) {
    if (is_path_component(*name)) continue;
    reporter.warning("definition.name", pointer, in_quotes(*name) + " can't be a file's name",
                     "use letters, digits, _ and -");
  }
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return '(' + text + ')';
}

// Upstream calls run(*inputs): order decides, names are for people.
void check_signature(const Definition& definition, Reporter& reporter) {
  constexpr const char* kRule = "definition.reference-signature";
  const PythonSource source = scan_python(definition.reference);
  const PythonFunction* const run = source.find("run");
  if (run == nullptr) return;
  std::vector<std::string> inputs;
  for (const auto& [name, tensor] : definition.inputs) inputs.push_back(name);
  std::vector<std::string> parameters = run->positional();
  const std::string both = "run" + joined(parameters) + " against inputs " + joined(inputs);
  if (!run->binds(inputs.size())) {
    return reporter.error(kRule, "/reference", "run can't take the inputs: " + both,
                          "give run one parameter for each input, in their order");
  }
  parameters.resize(std::min(parameters.size(), inputs.size()));
  if (parameters == inputs) return;
  auto one = parameters, other = inputs;
  std::sort(one.begin(), one.end());
  std::sort(other.begin(), other.end());
  if (one == other) {
    reporter.error(kRule, "/reference", "run has its parameters in another order: " + both,
                   "use one order: inputs are passed by position");
  } else {
    reporter.warning(kRule, "/reference", "parameters have other names: " + both,
                     "name them like the inputs");
  }
}

bool appears(const Named<TensorSpec>& tensors, const std::string& axis) {
  return std::any_of(tensors.begin(), tensors.end(), [&](const auto& entry) {
    const auto& shape = entry.second.shape;
    return shape && std::find(shape->begin(), shape->end(), axis) != shape->end();
  });
}

void check_axes(const Definition& definition, Reporter& reporter) {
  for (const auto& [name, axis] : definition.axes) {
    const std::string pointer = child("/axes", name);
    if (axis.kind == Axis::Kind::Var && !appears(definition.inputs, name)) {
      reporter.warning("definition.unbound-axis", pointer,
                       "no input has this axis, so that nothing gives it a value at run time",
                       "use it in the shape of an input, or make it constant");
    }
    if (axis.kind == Axis::Kind::Expr) {
      reporter.warning("definition.expression-axis", pointer,
                       "axes of type expr are unknown to FlashInfer-Bench 0.1.2",
                       "make it a var axis and add a constraint");
    }
  }
}

// With nothing but constants a constraint either holds for ever or never.
void check_constants(const Definition& definition, Reporter& reporter) {
  const AxisScope scope(definition, nullptr);
  for (std::size_t i = 0; i < definition.constraints.size(); ++i) {
    const Evaluated result = evaluate(definition.constraints[i], scope);
    if (!result.value || result.holds()) continue;
    reporter.error("definition.constraint", child("/constraints", i),
                   in_quotes(definition.constraints[i]) + " can't hold: the axes are constant",
                   "correct the constraint or the axes");
  }
}

}  // namespace

void check_definition(const Subject& subject, Findings& findings) {
  Reporter reporter(findings, subject.stored);
  const Definition& definition = subject.definition();
  check_names(definition, reporter);
  check_descriptions(definition, reporter);
  check_signature(definition, reporter);
  check_axes(definition, reporter);
  check_constants(definition, reporter);
}

}  // namespace fib::registry
