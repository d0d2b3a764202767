// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "judge/case.h"
#include "judge/compare/tensor.h"
#include "registry/match/match_table.h"
#include "registry/model/workload.h"
#include "replayer/contents.h"
#include "replayer/plan.h"

namespace fib::judge {

/// An input tensor of a captured launch.
struct CapturedTensor {
  TensorLayout layout;
  std::uint64_t address = 0;
};

/// What a case's launch was given, read from its extract. No GPU is needed.
class CaseInputs {
 public:
  /// Throws std::runtime_error, one line: the extract can't be read, or the table has no binding
  /// any more that describes its launch as an instance of the case's Definition.
  CaseInputs(const Case& subject, const match::MatchTable& table);

  [[nodiscard]] const std::map<std::string, registry::ScalarInput>& scalars() const {
    return scalars_;
  }
  /// Inputs that the launch shows, their shape known.
  [[nodiscard]] const std::vector<CapturedTensor>& tensors() const { return tensors_; }
  /// Of the machine code of the launch's kernel; nothing if the extract does not hold it.
  [[nodiscard]] const std::optional<match::CodeHash>& code() const { return code_; }
  /// The tensor's elements one after the other, whatever its strides. Throws std::runtime_error if
  /// the extract does not hold all of them.
  [[nodiscard]] std::vector<std::byte> read(const CapturedTensor& tensor);

 private:
  void bind(const match::MatchTable& table);
  void add(const match::MatchTable& table, std::uint16_t rule, const match::CompiledTensor& tensor,
           const match::LaunchView& launch, const match::Bound& bound);
  void copy(std::uint64_t address, std::span<std::byte> to);
  [[noreturn]] void fail(const std::string& what) const;

  const Case& subject_;
  trace::Capture capture_;
  std::unique_ptr<replayer::Plan> plan_;
  std::unique_ptr<replayer::Contents> contents_;
  std::map<std::string, registry::ScalarInput> scalars_;
  std::vector<CapturedTensor> tensors_;
  std::optional<match::CodeHash> code_;
};

}  // namespace fib::judge
