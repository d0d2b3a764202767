// SPDX-License-Identifier: Apache-2.0
#include "registry/validate/blob_cache.h"

#include "registry/store/layout.h"

namespace fib::registry {
namespace {

constexpr std::size_t kMostOpen = 256;  ///< each is a mapping, and processes may have 65,530

}  // namespace

const SafetensorsFile* BlobCache::open(const std::string& path) {
  const auto found = files_.find(path);
  if (found != files_.end()) return found->second.get();
  const Resolved blob = resolve(registry_.root(), path, registry_.options().follow_links);
  if (!blob.ok()) return nullptr;
  if (files_.size() >= kMostOpen) files_.clear();
  return files_.emplace(path, std::make_unique<SafetensorsFile>(blob.path)).first->second.get();
}

}  // namespace fib::registry
