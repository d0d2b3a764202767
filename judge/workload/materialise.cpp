// SPDX-License-Identifier: Apache-2.0
#include "judge/workload/materialise.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "judge/workload/encode.h"
#include "judge/workload/random_values.h"
#include "registry/model/safetensors.h"
#include "registry/model/shapes.h"
#include "registry/store/layout.h"

namespace fib::judge {
namespace {

using registry::DType;
using registry::TensorSpec;

[[noreturn]] void refuse(const std::string& what) { throw std::runtime_error(what); }

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return text + "]";
}

std::uint64_t row_length(const TensorLayout& layout) {
  return layout.shape.empty() || layout.shape.back() == 0
             ? 1
             : static_cast<std::uint64_t>(layout.shape.back());
}

constexpr std::uint64_t kPiece = 1 << 20;  ///< elements that are drawn at a time, about

class Maker {
 public:
  Maker(const registry::Definition& definition, const registry::Workload& workload,
        const std::filesystem::path& root, std::uint64_t seed, std::uint64_t limit)
      : definition_(definition), workload_(workload), root_(root), limit_(limit) {
    made_.seed = seed;
  }

  MaterialisedWorkload make() {
    find_axes();
    for (const auto& [name, spec] : definition_.inputs) lay_out(name, spec);
    for (const auto& [name, spec] : definition_.outputs) lay_out(name, spec);
    for (const auto& [name, spec] : definition_.inputs) fill(name, spec);
    return std::move(made_);
  }

 private:
  void find_axes() {
    const registry::AxisScope scope(definition_, &workload_);
    for (const auto& [name, axis] : definition_.axes) {
      const auto value = scope.axis(name);
      if (!value) refuse("the Workload " + workload_.uuid + " gives no value to the axis " + name);
      made_.axes[name] = *value;
    }
  }

  void lay_out(const std::string& name, const TensorSpec& spec) {
    if (spec.is_scalar()) return;
    TensorLayout layout = contiguous_layout(name, spec, made_.axes);
    const std::uint64_t bytes = layout.extent_bytes();
    if (bytes > limit_ - bytes_)
      refuse(name + " with the shape " + shape_text(layout.shape) + " exceeds the limit of " +
             std::to_string(limit_) + " bytes");
    bytes_ += bytes;
    made_.layouts[name] = std::move(layout);
  }

  void fill(const std::string& name, const TensorSpec& spec) {
    const registry::InputSpec* const given = workload_.inputs.find(name);
    if (given == nullptr || given->is_random()) {
      fill_random(name, spec);
    } else if (const registry::ScalarInput* const scalar = given->scalar()) {
      take_scalar(name, spec, *scalar);
    } else {
      read_tensor(name, spec, *given->tensor());
    }
  }

  void fill_random(const std::string& name, const TensorSpec& spec) {
    const Distribution distribution = distribution_for(spec.dtype, definition_.op_type, name);
    RandomStream random(made_.seed, name);
    made_.sources[name] = distribution.text() + ", seed " + std::to_string(made_.seed);
    if (spec.is_scalar()) {
      made_.scalars[name] = draw(distribution, 1, 1, random).front();
      return;
    }
    const TensorLayout& layout = made_.layouts.at(name);
    std::vector<std::byte>& bytes = made_.inputs[name];
    bytes.reserve(layout.extent_bytes());
    const std::uint64_t count = layout.elements(), row = row_length(layout);
    const std::uint64_t piece = (kPiece / row + 1) * row * 2;  // even, for elements of half a byte
    for (std::uint64_t done = 0; done < count; done += piece) {
      const auto more =
          encode(spec.dtype, draw(distribution, std::min(piece, count - done), row, random));
      bytes.insert(bytes.end(), more.begin(), more.end());
    }
  }

  void take_scalar(const std::string& name, const TensorSpec& spec,
                   const registry::ScalarInput& scalar) {
    if (!spec.is_scalar()) refuse(name + " is a tensor, but the Workload gives it one value");
    const double value = scalar.as_double();
    const auto* const integer = std::get_if<std::int64_t>(&scalar.value);
    if (integer != nullptr && std::abs(value) > 0x1p53)
      refuse(name + " is an integer of more than 53 bits, which is not supported");
    made_.scalars[name] = value;
    made_.sources[name] = "value of the Workload";
  }

  void read_tensor(const std::string& name, const TensorSpec& spec,
                   const registry::SafetensorsInput& source) {
    if (spec.is_scalar()) refuse(name + " is no tensor, but the Workload names a file for it");
    std::error_code error;
    const std::filesystem::path root = std::filesystem::canonical(root_, error);
    if (error) refuse(root_.string() + ": " + error.message());
    const registry::Resolved found = registry::resolve(root, source.path, false);
    if (!found.ok()) refuse(name + ": " + source.path + ": " + found.error);
    const registry::SafetensorsFile file(found.path);
    if (!file.header().ok()) refuse(name + ": " + source.path + ": " + file.header().error);
    const registry::TensorInfo* const tensor = file.header().find(source.tensor_key);
    if (tensor == nullptr)
      refuse(name + ": " + source.path + " has no tensor \"" + source.tensor_key + '"');
    check(name, source.path, *tensor);
    const auto bytes = file.bytes(*tensor);
    made_.inputs[name].assign(bytes.begin(), bytes.end());
    made_.sources[name] = source.path;
  }

  void check(const std::string& name, const std::string& path, const registry::TensorInfo& tensor) {
    const TensorLayout& layout = made_.layouts.at(name);
    const std::vector<std::int64_t> shape(tensor.shape.begin(), tensor.shape.end());
    const std::string code(registry::safetensors_code(layout.dtype));
    if (tensor.dtype == code && shape == layout.shape) return;
    refuse(name + ": " + path + " holds " + tensor.dtype + ' ' + shape_text(shape) +
           " instead of " + code + ' ' + shape_text(layout.shape));
  }

  const registry::Definition& definition_;
  const registry::Workload& workload_;
  const std::filesystem::path& root_;
  std::uint64_t limit_, bytes_ = 0;
  MaterialisedWorkload made_;
};

}  // namespace

TensorLayout contiguous_layout(const std::string& name, const registry::TensorSpec& spec,
                               const std::map<std::string, std::int64_t>& axes) {
  TensorLayout layout{name, spec.dtype, {}, {}};
  for (const std::string& axis : *spec.shape) layout.shape.push_back(axes.at(axis));
  layout.strides = TensorLayout::contiguous(layout.shape);
  return layout;
}

MaterialisedWorkload materialise(const registry::Definition& definition,
                                 const registry::Workload& workload,
                                 const std::filesystem::path& root, std::uint64_t seed,
                                 std::uint64_t limit_bytes) {
  return Maker(definition, workload, root, seed, limit_bytes).make();
}

}  // namespace fib::judge
