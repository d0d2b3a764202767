// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "dispatch/deployment.h"

namespace fib::dispatch {

/// Deployments from a registry on disk and the builds of its Solutions (docs/registry.md). Reads
/// what bindings need and nothing else, and only what nobody but root and this user can change.
/// What is wrong is left out and said once per process, in one line; the rest is used. Of a
/// registry that changes while it is read nothing is used. Any thread.
class RegistrySource final : public DeploymentSource {
 public:
  /// `root` as in FIB_DATASET_PATH, `cache` as in FIB_CACHE_PATH (may be empty).
  RegistrySource(const std::string& root, const std::string& cache);

  [[nodiscard]] std::unique_ptr<Deployment> read(std::span<const Gpu> gpus) noexcept override;

  /// Why the last read() gave nothing; empty if it gave something.
  [[nodiscard]] std::string refusal() const;
  /// What was said so far, without the "fibshim: ".
  [[nodiscard]] std::vector<std::string> said() const;

 private:
  std::unique_ptr<Deployment> read_one_state(std::span<const Gpu> gpus);
  std::unique_ptr<Deployment> refuse(std::string why);
  void say_once(const std::string& line);
  void say_all(const std::vector<std::string>& lines);

  const std::string root_, cache_;
  mutable std::mutex mutex_;  ///< of what follows, and held while the registry is read
  std::string refusal_;
  std::set<std::string> known_;
  std::vector<std::string> said_;
};

}  // namespace fib::dispatch
