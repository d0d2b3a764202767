// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>

#include "registry/model/safetensors.h"
#include "registry/store/registry.h"

namespace fib::registry {

/// The blobs that the workloads of one Definition name, each opened once.
class BlobCache {
 public:
  explicit BlobCache(const Registry& registry) : registry_(registry) {}

  /// The file, which may have an error; null if there is none within the registry. Valid until the
  /// next call.
  const SafetensorsFile* open(const std::string& path);

 private:
  const Registry& registry_;
  std::map<std::string, std::unique_ptr<SafetensorsFile>> files_;
};

}  // namespace fib::registry
