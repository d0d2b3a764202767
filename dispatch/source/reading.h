// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "dispatch/deployment.h"
#include "dispatch/source/code_reader.h"
#include "dispatch/source/lines.h"
#include "dispatch/source/trusted_tree.h"
#include "registry/bindings/table_source.h"

namespace fib::dispatch {

/// One attempt to read a registry.
class SourceReading {
 public:
  SourceReading(std::string root, std::string cache, std::span<const Gpu> gpus)
      : root_(std::move(root)), cache_(std::move(cache)), gpus_(gpus) {}

  /// Null: `refusal()` says why.
  std::unique_ptr<Deployment> run();

  [[nodiscard]] const std::string& refusal() const { return refusal_; }
  /// The refusal is that the registry is not there, which it is for a moment when it is replaced.
  [[nodiscard]] bool is_missing() const { return is_missing_; }
  [[nodiscard]] const std::vector<std::string>& problems() const { return lines_.list(); }
  /// Whether all that was read is of one state; see TrustedTree.
  [[nodiscard]] bool is_one_state(std::int64_t began_ns) const;

 private:
  std::unique_ptr<Deployment> refuse(const std::string& why);
  void read_code(const registry::Registry& registry, const registry::Bindings& bindings,
                 Deployment& deployment);
  [[nodiscard]] CandidateCode code_of(const match::CompiledCandidate& candidate,
                                      const registry::Stored<registry::Solution>& solution,
                                      const registry::Bindings& bindings,
                                      const registry::Registry& registry);

  std::string root_, cache_, refusal_;
  std::span<const Gpu> gpus_;
  bool is_missing_ = false;
  SourceLines lines_;
  std::unique_ptr<TrustedTree> files_;
  std::optional<CodeReader> code_;
};

}  // namespace fib::dispatch
