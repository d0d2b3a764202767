// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "registry/build/manifest.h"

namespace fib::build {

/// The right to make one build, among all processes: others wait until it is given back.
class BuildLock {
 public:
  /// Creates the directories that are missing, writable for nobody else. Throws RegistryError.
  BuildLock(const std::filesystem::path& cache, const std::string& source_key,
            const std::string& build_key);
  ~BuildLock();
  BuildLock(const BuildLock&) = delete;
  BuildLock& operator=(const BuildLock&) = delete;

  /// Where the build belongs. It is whole or not there, whatever happens.
  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }

  /// Puts the build there, in place of one that may be there; `files` by name. Throws
  /// RegistryError, and leaves what was there.
  void store(const Manifest& manifest, const std::map<std::string, std::string>& files);

 private:
  void write(const std::filesystem::path& to, const Manifest& manifest,
             const std::map<std::string, std::string>& files) const;
  void remove_remains() const;

  std::filesystem::path directory_, temporary_, old_;
  int fd_ = -1;
};

/// What is in the cache under these keys.
struct CachedBuild {
  std::optional<Manifest> manifest;  ///< of a build whose files are all as they were written
  std::string damage;                ///< one clause: what is wrong with the one that is there
};
[[nodiscard]] CachedBuild find_build(const std::filesystem::path& cache,
                                     const std::string& source_key, const std::string& build_key);

/// Which of cache_roots() builds go to: the first one that can be written. Throws RegistryError if
/// there is none.
[[nodiscard]] std::filesystem::path writable_cache(const std::filesystem::path& registry_root,
                                                   const std::filesystem::path& chosen);

/// Why fibshim would not trust this directory or one above it: owned by somebody else, or writable
/// for others. One line, empty if all is well.
[[nodiscard]] std::string trust_problem(const std::filesystem::path& directory);

}  // namespace fib::build
