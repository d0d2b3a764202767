// SPDX-License-Identifier: Apache-2.0
#include "registry/store/file_tree.h"

#include "registry/store/layout.h"
#include "registry/store/scan.h"

namespace fib::registry {

std::vector<std::string> PathTree::list(std::string_view folder, std::string_view suffix,
                                        Findings& findings) {
  return scan_files(root_, folder, suffix, follow_links_, findings);
}

FileText PathTree::read(const std::string& file, std::size_t limit) {
  const Resolved path = resolve(root_, file, follow_links_);
  return path.ok() ? read_file(path.path, limit) : FileText{"", path.error};
}

}  // namespace fib::registry
