// SPDX-License-Identifier: Apache-2.0
#include "registry/draft/matcher.h"

#include <algorithm>
#include <map>
#include <set>

#include "registry/draft/assignment.h"
#include "registry/draft/tensor_score.h"

namespace fib::registry {
namespace {

constexpr std::size_t kMostSamples = 32;    ///< launches that are looked at
constexpr std::size_t kMostChoices = 24;    ///< terms that an axis may be
constexpr std::size_t kMostTuples = 4'000;  ///< combinations of axes that are tried

/// What an axis could be in the launch.
struct Choice {
  std::string expression;            ///< empty: it is not shown
  std::vector<std::int64_t> values;  ///< by sample
  double score = kNoAxis;
};

class Matcher {
 public:
  Matcher(const Definition& definition, const ObservedKernel& kernel,
          const std::vector<ParameterField>& fields)
      : definition_(definition), fields_(fields) {
    const std::size_t launches = kernel.launches.size();
    const std::size_t step = std::max<std::size_t>(1, launches / kMostSamples);
    for (std::size_t i = 0; i < launches && samples_.size() < kMostSamples; i += step) {
      samples_.push_back(i);
    }
    for (const ParameterField& field : fields) {
      if (field.is_pointer()) pointers_.push_back(&field);
    }
    terms_ = parameter_terms(fields);
    for (SizeTerm& term : geometry_terms(kernel)) {
      if (term.expression.starts_with("grid")) terms_.push_back(std::move(term));
    }
    for (const auto* const group : {&definition.inputs, &definition.outputs}) {
      for (const auto& [name, tensor] : *group) {
        if (!tensor.is_scalar()) tensors_.push_back({&name, &tensor, group != &definition.inputs});
      }
    }
  }

  std::vector<Guess> run(std::size_t most) {
    for (const auto& [name, axis] : definition_.axes) {
      if (axis.kind != Axis::Kind::Const) varying_.push_back({name, choices()});
    }
    trim();
    std::vector<std::size_t> at(varying_.size());
    do {
      try_tuple(at);
    } while (advance(at));
    std::stable_sort(guesses_.begin(), guesses_.end(),
                     [](const Guess& a, const Guess& b) { return a.score > b.score; });
    if (guesses_.size() > most) guesses_.resize(most);
    return std::move(guesses_);
  }

 private:
  struct Varying {
    std::string name;
    std::vector<Choice> choices;
  };
  struct Tensor {
    const std::string* name;
    const TensorSpec* spec;
    bool is_output;
  };

  [[nodiscard]] std::vector<std::int64_t> sampled(const std::vector<std::int64_t>& values) const {
    std::vector<std::int64_t> some;
    for (const std::size_t i : samples_) some.push_back(values[i]);
    return some;
  }

  [[nodiscard]] std::vector<Choice> choices() const {
    std::vector<Choice> list;
    for (const SizeTerm& term : terms_) {
      if (list.size() >= kMostChoices) break;
      // What varies is more likely to be what may vary.
      const double base = term.is_geometry ? kGridAxis : kParameterAxis;
      list.push_back(
          {term.expression, sampled(term.values), base + (term.is_constant() ? 0 : kVaryingAxis)});
    }
    list.push_back({"", std::vector<std::int64_t>(samples_.size(), kUnknownSize), kNoAxis});
    return list;
  }

  /// Fewer choices for each axis until all combinations can be tried; the last one always stays.
  void trim() {
    const auto combinations = [this] {
      double product = 1;
      for (const Varying& axis : varying_) product *= static_cast<double>(axis.choices.size());
      return product;
    };
    while (combinations() > static_cast<double>(kMostTuples)) {
      auto longest = std::max_element(
          varying_.begin(), varying_.end(),
          [](const auto& a, const auto& b) { return a.choices.size() < b.choices.size(); });
      if (longest->choices.size() < 2) return;
      const auto worst =
          std::min_element(longest->choices.begin(), longest->choices.end() - 1,
                           [](const Choice& a, const Choice& b) { return a.score < b.score; });
      longest->choices.erase(worst);
    }
  }

  bool advance(std::vector<std::size_t>& at) const {
    for (std::size_t i = 0; i < at.size(); ++i) {
      if (++at[i] < varying_[i].choices.size()) return true;
      at[i] = 0;
    }
    return false;
  }

  void try_tuple(const std::vector<std::size_t>& at) {
    std::map<std::string, const Choice*> chosen;
    std::set<std::string> used;
    double score = 0;
    for (std::size_t i = 0; i < at.size(); ++i) {
      const Choice& choice = varying_[i].choices[at[i]];
      chosen[varying_[i].name] = &choice;
      score += choice.score;
      const bool shared = !choice.expression.empty() && !used.insert(choice.expression).second;
      if (shared) score += kSharedAxis;
    }
    Guess guess;
    guess.score = score;
    if (!place_tensors(chosen, guess)) return;
    place_axes(chosen, used, guess);
    place_scalars(used, guess);
    keep(std::move(guess));
  }

  /// Bytes of a tensor by sample; negative where an axis is not shown.
  [[nodiscard]] std::vector<double> bytes_of(
      const TensorSpec& tensor, const std::map<std::string, const Choice*>& chosen) const {
    std::vector<double> bytes(samples_.size(), bits_of(tensor.dtype) / 8.0);
    for (const std::string& name : *tensor.shape) {
      const Axis* const axis = definition_.axes.find(name);
      const auto choice = chosen.find(name);
      for (std::size_t i = 0; i < bytes.size(); ++i) {
        const std::int64_t size = choice != chosen.end() ? choice->second->values[i]
                                  : axis != nullptr      ? axis->value
                                                         : kUnknownSize;
        const bool unknown = size == kUnknownSize || bytes[i] < 0;
        bytes[i] = unknown ? -1 : bytes[i] * static_cast<double>(size);
      }
    }
    return bytes;
  }

  /// One row of the table of scores; behind the pointers a column of its own for each tensor that
  /// stands nowhere.
  [[nodiscard]] std::vector<double> scores_of(const TensorToPlace& tensor) const {
    std::vector<double> line;
    for (std::size_t i = 0; i < pointers_.size(); ++i) {
      const double place = static_cast<double>(i) / static_cast<double>(pointers_.size());
      line.push_back(tensor_score(tensor, *pointers_[i], place, samples_));
    }
    line.resize(pointers_.size() + tensors_.size(), tensor.is_output ? kImpossible : kNoInput);
    return line;
  }

  /// False if an output has no place.
  bool place_tensors(const std::map<std::string, const Choice*>& chosen, Guess& guess) const {
    std::vector<std::vector<double>> table;
    std::vector<bool> known;
    for (std::size_t row = 0; row < tensors_.size(); ++row) {
      TensorToPlace tensor{tensors_[row].spec, tensors_[row].is_output, 0,
                           bytes_of(*tensors_[row].spec, chosen)};
      tensor.place = static_cast<double>(row) / static_cast<double>(tensors_.size());
      known.push_back(std::all_of(tensor.bytes.begin(), tensor.bytes.end(),
                                  [](double bytes) { return bytes >= 0; }));
      table.push_back(scores_of(tensor));
    }
    const std::vector<std::size_t> columns = best_assignment(table);
    for (std::size_t row = 0; row < tensors_.size(); ++row) {
      const double score = table[row][columns[row]];
      const bool fits = score > kOtherType + kMostEvidence;
      if (!fits && tensors_[row].is_output) return false;
      const bool placed = fits && columns[row] < pointers_.size();
      guess.score += fits ? score : kNoInput;
      add(tensors_[row], placed ? pointers_[columns[row]] : nullptr, known[row], guess);
    }
    return true;
  }

  static void add(const Tensor& tensor, const ParameterField* field, bool known, Guess& guess) {
    (tensor.is_output ? guess.outputs : guess.inputs).push_back({*tensor.name, field, known});
  }

  void place_axes(const std::map<std::string, const Choice*>& chosen, std::set<std::string>& used,
                  Guess& guess) const {
    for (const auto& [name, axis] : definition_.axes) {
      const auto choice = chosen.find(name);
      if (choice != chosen.end()) {
        guess.axes.push_back({name, choice->second->expression, std::nullopt});
        continue;
      }
      AxisGuess constant{name, "", axis.value};
      for (const SizeTerm& term : terms_) {
        const bool equal = term.is_constant() && term.values.front() == axis.value;
        if (!equal || used.contains(term.expression) || axis.value <= 1) continue;
        constant = {name, term.expression, std::nullopt};
        break;
      }
      used.insert(constant.expression);
      guess.axes.push_back(std::move(constant));
    }
  }

  /// Scalars in order, each the first field of its kind that nothing else is.
  void place_scalars(std::set<std::string>& used, Guess& guess) const {
    std::vector<TensorGuess> ordered;
    for (const auto& [name, spec] : definition_.inputs) {
      const auto tensor = std::ranges::find(guess.inputs, name, &TensorGuess::tensor);
      if (tensor != guess.inputs.end()) {
        ordered.push_back(*tensor);
      } else {
        ordered.push_back({name, scalar(spec, used), true});
      }
    }
    guess.inputs = std::move(ordered);
  }

  const ParameterField* scalar(const TensorSpec& spec, std::set<std::string>& used) const {
    for (const ParameterField& field : fields_) {
      const bool real = !is_integer(spec.dtype) && spec.dtype != DType::Bool;
      if (field.is_pointer() || field.is_float() != real) continue;
      if (used.insert(field.expression()).second) return &field;
    }
    return nullptr;
  }

  /// Of guesses that say the same only the best.
  void keep(Guess guess) {
    const std::string text = guess.text();
    const auto [found, fresh] = seen_.try_emplace(text, guesses_.size());
    if (fresh) {
      guesses_.push_back(std::move(guess));
    } else if (guesses_[found->second].score < guess.score) {
      guesses_[found->second] = std::move(guess);
    }
  }

  const Definition& definition_;
  const std::vector<ParameterField>& fields_;
  std::vector<std::size_t> samples_;
  std::vector<const ParameterField*> pointers_;
  std::vector<SizeTerm> terms_;
  std::vector<Tensor> tensors_;
  std::vector<Varying> varying_;
  std::vector<Guess> guesses_;
  std::map<std::string, std::size_t> seen_;
};

}  // namespace

std::string Guess::text() const {
  std::string text;
  const auto add = [&text](const std::string& name, const std::string& what) {
    text += (text.empty() ? "" : ", ") + name + " = " + what;
  };
  for (const AxisGuess& axis : axes) {
    add(axis.axis, axis.stated               ? std::to_string(*axis.stated)
                   : axis.expression.empty() ? "not shown"
                                             : axis.expression);
  }
  for (const auto* const group : {&inputs, &outputs}) {
    for (const TensorGuess& tensor : *group) {
      add(tensor.tensor, tensor.field != nullptr ? tensor.field->expression() : "not shown");
    }
  }
  return text;
}

std::vector<Guess> match_definition(const Definition& definition, const ObservedKernel& kernel,
                                    const std::vector<ParameterField>& fields, std::size_t most) {
  if (fields.empty() || most == 0) return {};
  return Matcher(definition, kernel, fields).run(most);
}

}  // namespace fib::registry
