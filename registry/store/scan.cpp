// SPDX-License-Identifier: Apache-2.0
#include "registry/store/scan.h"

#include <algorithm>

#include "registry/store/layout.h"

namespace fib::registry {
namespace {

namespace fs = std::filesystem;

constexpr int kDeepestFolder = 16;  ///< directories within each other
constexpr std::size_t kMostFiles = 1'000'000;

class Scan {
 public:
  Scan(const fs::path& root, std::string_view suffix, bool follow_links, Findings& findings)
      : root_(root), suffix_(suffix), follow_links_(follow_links), findings_(findings) {}

  std::vector<std::string> run(std::string_view folder) {
    std::error_code error;
    const fs::path start = root_ / folder;
    if (fs::is_symlink(start, error)) {
      refuse(start, "is a link, and is not followed");
    } else if (fs::is_directory(start, error)) {
      visit(start, 0);
    }
    std::sort(files_.begin(), files_.end());
    return std::move(files_);
  }

 private:
  void refuse(const fs::path& path, const std::string& why, const std::string& remedy = "") {
    findings_.add({Level::Error, "layout.refused", path.lexically_relative(root_).generic_string(),
                   0, "", why,
                   remedy.empty() ? "put the files themselves here, or remove it" : remedy});
  }

  void visit(const fs::path& directory, int depth) {
    std::error_code error;
    fs::directory_iterator entries(directory, error);
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
      if (entries->path().filename().native().front() == '.') continue;
      if (files_.size() >= kMostFiles) {
        return refuse(directory, "there are more than a million files", "split the registry");
      }
      look_at(*entries, depth);
    }
    if (error) refuse(directory, "can't be read: " + error.message(), "check its permissions");
  }

  void look_at(const fs::directory_entry& entry, int depth) {
    std::error_code error;
    const bool link = entry.is_symlink(error), directory = entry.is_directory(error);
    if (directory && link) return refuse(entry.path(), "is a link to a directory");
    if (directory && depth >= kDeepestFolder) return refuse(entry.path(), "is nested too deep");
    if (directory) return visit(entry.path(), depth + 1);
    if (!entry.path().native().ends_with(suffix_)) return;
    const std::string relative = entry.path().lexically_relative(root_).generic_string();
    const Resolved resolved = resolve(root_, relative, follow_links_);
    if (!resolved.ok()) {
      refuse(entry.path(), resolved.error, "put the file itself here, or give --follow-links");
    } else {
      files_.push_back(relative);
    }
  }

  const fs::path& root_;
  std::string_view suffix_;
  bool follow_links_;
  Findings& findings_;
  std::vector<std::string> files_;
};

}  // namespace

std::vector<std::string> scan_files(const fs::path& root, std::string_view folder,
                                    std::string_view suffix, bool follow_links,
                                    Findings& findings) {
  return Scan(root, suffix, follow_links, findings).run(folder);
}

}  // namespace fib::registry
