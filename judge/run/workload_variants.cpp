// SPDX-License-Identifier: Apache-2.0
#include "judge/run/workload_variants.h"

#include <algorithm>

#include "judge/trial/fresh_inputs.h"

namespace fib::judge {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1}
                                   << 30;  ///< of tensors that one Python gets, but one set

/// Of its tensors, the outputs, too.
std::size_t size_of(const registry::Definition& definition, const MaterialisedWorkload& workload) {
  std::size_t bytes = 0;
  for (const auto& [name, values] : workload.inputs) bytes += values.size();
  for (const auto& [name, spec] : definition.outputs)
    if (const auto found = workload.layouts.find(name); found != workload.layouts.end())
      bytes += found->second.extent_bytes();
  return bytes;
}

bool is_from_file(const registry::Workload& workload, const std::string& input) {
  const registry::InputSpec* const given = workload.inputs.find(input);
  return given != nullptr && given->tensor() != nullptr;
}

class Maker {
 public:
  Maker(const registry::Definition& definition, const registry::Workload& workload,
        const VariantOptions& options)
      : definition_(definition), workload_(workload), options_(options) {
    made_.workload = materialise(definition, workload, options.root, options.seed);
    made_.variants.emplace_back();
  }

  WorkloadCase make() {
    TensorValues last;
    for (std::uint32_t n = 1; n <= options_.fresh_runs + 1; ++n) {
      const std::uint64_t seed = options_.seed + n;
      const bool few = n % 2 == 0;
      last = few ? changed(std::move(last), Change::Few, seed, false) : drawn(seed);
      add(last,
          few ? "a few other values in" : "other values, of seed " + std::to_string(seed) + ", in");
    }
    return std::move(made_);
  }

 private:
  TensorValues drawn(std::uint64_t seed) const {
    const Change how = definition_.op_type == "sampling" ? Change::Shuffle : Change::Redraw;
    return changed(materialise(definition_, workload_, options_.root, seed).inputs, how, seed,
                   true);
  }

  /// With other data; `files`: in tensors of files only.
  TensorValues changed(TensorValues values, Change how, std::uint64_t seed, bool files) const {
    Random random(seed);
    for (auto& [name, bytes] : values) {
      const TensorLayout& layout = made_.workload.layouts.at(name);
      if (is_data(layout.dtype) && (!files || is_from_file(workload_, name)))
        change(layout, bytes, how, random);
    }
    return values;
  }

  void add(const TensorValues& values, const std::string& what) {
    WorkloadVariant& variant = made_.variants.emplace_back();
    for (const auto& [name, bytes] : values) {
      if (bytes == made_.workload.inputs.at(name)) continue;
      variant.inputs[name] = bytes;
      variant.note += ' ' + name;
    }
    variant.note = variant.inputs.empty() ? "no input can be changed" : what + variant.note;
  }

  const registry::Definition& definition_;
  const registry::Workload& workload_;
  const VariantOptions& options_;
  WorkloadCase made_;
};

}  // namespace

WorkloadCase make_variants(const registry::Definition& definition,
                           const registry::Workload& workload, const VariantOptions& options) {
  return Maker(definition, workload, options).make();
}

void add_reference(const registry::Definition& definition, const ReferenceOptions& options,
                   WorkloadCase& made) try {
  // One process for many of them, with bounded room in memory and for its files.
  const std::size_t together = std::max<std::size_t>(
      1, kMostBytes / std::max<std::size_t>(1, size_of(definition, made.workload)));
  for (std::size_t first = 0; first < made.variants.size(); first += together) {
    const std::size_t count = std::min(together, made.variants.size() - first);
    std::vector<MaterialisedWorkload> asked(count, made.workload);
    for (std::size_t i = 0; i < count; ++i)
      for (const auto& [name, values] : made.variants[first + i].inputs)
        asked[i].inputs[name] = values;
    auto answers = reference_outputs(definition, asked, options);
    for (std::size_t i = 0; i < count; ++i)
      made.variants[first + i].outputs = std::move(answers[i].outputs);
  }
} catch (...) {
  for (WorkloadVariant& variant : made.variants) variant.outputs.clear();
  throw;
}

}  // namespace fib::judge
