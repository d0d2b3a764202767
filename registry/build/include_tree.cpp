// SPDX-License-Identifier: Apache-2.0
#include "registry/build/include_tree.h"

#include <algorithm>
#include <vector>

#include "registry/build/sha256.h"
#include "registry/store/files.h"

namespace fib::build {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostFiles = 100'000, kMostBytes = std::size_t{1} << 30;

/// Regular files below the directory, sorted; more than kMostFiles are cut off.
std::vector<fs::path> files_below(const fs::path& directory, std::error_code& error) {
  std::vector<fs::path> files;
  for (fs::recursive_directory_iterator it(directory, error), end; !error && it != end;
       it.increment(error)) {
    std::error_code ignored;
    if (it->is_regular_file(ignored)) files.push_back(it->path());
    if (files.size() > kMostFiles) break;
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

TreeHash hash_of_tree(const fs::path& directory) {
  std::error_code error;
  const auto files = files_below(directory, error);
  if (error) return {"", directory.string() + ": can't be read (" + error.message() + ')'};
  std::size_t rest = files.size() <= kMostFiles ? kMostBytes : 0;
  Sha256 hash;
  for (const fs::path& path : files) {
    const registry::FileText file = registry::read_file(path, rest);
    if (!file.error.empty()) {
      return {"", directory.string() + ": is too large for a directory of headers, or " +
                      path.filename().string() + " can't be read"};
    }
    rest -= file.text.size();
    const std::string name = path.lexically_relative(directory).string();
    hash.add(std::to_string(name.size()) + ':' + name + std::to_string(file.text.size()) + ':');
    hash.add(file.text);
  }
  return {hash.hex().substr(0, 32), ""};
}

}  // namespace fib::build
