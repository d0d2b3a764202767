// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <list>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "judge/compare/comparison.h"

namespace fib::judge::testing {

template <typename T>
[[nodiscard]] Bytes bytes_of(const std::vector<T>& values) {
  return std::as_bytes(std::span(values));
}

/// A launch with tensors of its own, and the Definition that it is of.
class Launch {
 public:
  explicit Launch(std::string op_type) {
    definition_.name = "d";
    definition_.op_type = std::move(op_type);
    launch_.definition = &definition_;
  }
  Launch(const Launch&) = delete;
  Launch& operator=(const Launch&) = delete;

  template <typename T>
  Launch& input(const std::string& name, std::vector<std::int64_t> shape, std::vector<T> values) {
    add<T>(definition_.inputs, name, std::move(shape)).before = keep(std::move(values));
    return *this;
  }
  template <typename T>
  Launch& output(const std::string& name, std::vector<std::int64_t> shape, std::vector<T> expected,
                 std::vector<T> got) {
    auto& tensor = add<T>(definition_.outputs, name, std::move(shape));
    tensor.expected = keep(std::move(expected));
    tensor.got = keep(std::move(got));
    return *this;
  }
  Launch& scalar(const std::string& name, double value) {
    definition_.inputs.add(name, {});
    launch_.scalars[name] = value;
    return *this;
  }
  Launch& axis(const std::string& name, std::int64_t value) {
    launch_.axes[name] = value;
    return *this;
  }

  [[nodiscard]] const registry::Definition& definition() const { return definition_; }
  [[nodiscard]] ComparedLaunch& compared() { return launch_; }
  /// The comparison of one output, by the comparer that belongs to the Definition.
  [[nodiscard]] Comparison compare(const std::string& output) const {
    return comparer_for(definition_)->compare(launch_).at(output);
  }

 private:
  template <typename T>
  ComparedLaunch::Tensor& add(registry::Named<registry::TensorSpec>& specs, const std::string& name,
                              std::vector<std::int64_t> shape) {
    registry::TensorSpec spec;
    spec.dtype = std::is_same_v<T, float>          ? registry::DType::Float32
                 : std::is_same_v<T, std::int64_t> ? registry::DType::Int64
                                                   : registry::DType::Int32;
    spec.shape.emplace(shape.size(), "n");
    specs.add(name, spec);
    auto& tensor = launch_.tensors[name];
    tensor.layout = {name, spec.dtype, shape, TensorLayout::contiguous(shape)};
    return tensor;
  }
  template <typename T>
  Bytes keep(std::vector<T> values) {
    const Bytes bytes = bytes_of(values);
    memory_.emplace_back(bytes.begin(), bytes.end());
    return memory_.back();
  }

  registry::Definition definition_;
  ComparedLaunch launch_;
  std::list<std::vector<std::byte>> memory_;
};

}  // namespace fib::judge::testing
