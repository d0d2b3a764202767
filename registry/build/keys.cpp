// SPDX-License-Identifier: Apache-2.0
// Names of builds, and where they lie.
#include <cstdlib>

#include "registry/build/manifest.h"
#include "registry/build/options.h"
#include "registry/build/sha256.h"

namespace fib::build {
namespace {

namespace fs = std::filesystem;

/// Texts with their lengths, so that no two lists of texts have one hash.
class Key {
 public:
  void add(std::string_view text) {
    hash_.add(std::to_string(text.size()) + ':');
    hash_.add(text);
  }
  void add(const std::vector<std::string>& list) {
    add(std::to_string(list.size()));
    for (const std::string& text : list) add(text);
  }
  [[nodiscard]] std::string digits() { return hash_.hex().substr(0, 32); }

 private:
  Sha256 hash_;
};

/// A directory named by the environment; empty unless it is absolute.
fs::path directory_of(const char* variable) {
  const char* const value = std::getenv(variable);
  const fs::path path = value != nullptr ? value : "";
  return path.is_absolute() ? path : fs::path();
}

}  // namespace

std::string source_key(const registry::Solution& solution) {
  Key key;
  key.add("fibshim sources " + std::to_string(kManifestFormat));
  key.add(registry::kLanguageNames[static_cast<std::size_t>(solution.spec.language)]);
  key.add(std::to_string(solution.sources.size()));
  for (const registry::SourceFile& source : solution.sources) {
    key.add(source.path);
    const registry::Json* const encoding = source.members.unknown("encoding");
    key.add(encoding != nullptr ? registry::to_text(*encoding) : "");
    key.add(source.content);
  }
  const registry::Json* const options = build_block_of(solution);
  key.add(options != nullptr ? registry::to_text(*options) : "");
  return key.digits();
}

std::string build_key(const BuildIdentity& identity) {
  Key key;
  key.add("fibshim build " + std::to_string(kManifestFormat));
  key.add(identity.source_key);
  key.add(to_string(identity.arch));
  key.add(identity.compiler);
  key.add(identity.version);
  key.add(identity.options);
  return key.digits();
}

fs::path builds_of(const fs::path& cache, std::string_view source_key) {
  return cache / source_key;
}

std::vector<fs::path> cache_roots(const fs::path& registry_root, const fs::path& chosen) {
  if (!chosen.empty()) return {chosen};
  std::vector<fs::path> roots = {registry_root / ".fib" / "build"};
  fs::path caches = directory_of("XDG_CACHE_HOME");
  if (const fs::path home = directory_of("HOME"); caches.empty() && !home.empty()) {
    caches = home / ".cache";
  }
  if (!caches.empty()) roots.push_back(caches / "fibshim" / "build");
  return roots;
}

}  // namespace fib::build
