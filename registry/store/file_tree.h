// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "registry/model/finding.h"
#include "registry/store/files.h"

namespace fib::registry {

/// The files of a registry, as whoever opens it wants them found and read. Names are relative to
/// the root, with slashes.
class FileTree {
 public:
  FileTree() = default;
  virtual ~FileTree() = default;
  FileTree(const FileTree&) = delete;
  FileTree& operator=(const FileTree&) = delete;

  /// The regular files with this suffix below `folder`, sorted. Hidden ones are passed over; what
  /// is refused becomes a finding.
  [[nodiscard]] virtual std::vector<std::string> list(std::string_view folder,
                                                      std::string_view suffix,
                                                      Findings& findings) = 0;
  /// One of those files, if it has at most `limit` bytes.
  [[nodiscard]] virtual FileText read(const std::string& file, std::size_t limit) = 0;
};

/// Files by their paths below `root`, which is canonical.
class PathTree : public FileTree {
 public:
  PathTree(std::filesystem::path root, bool follow_links)
      : root_(std::move(root)), follow_links_(follow_links) {}

  std::vector<std::string> list(std::string_view folder, std::string_view suffix,
                                Findings& findings) override;
  FileText read(const std::string& file, std::size_t limit) override;

 private:
  std::filesystem::path root_;
  bool follow_links_;
};

}  // namespace fib::registry
