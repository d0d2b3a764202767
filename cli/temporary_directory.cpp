// SPDX-License-Identifier: Apache-2.0
#include "cli/temporary_directory.h"

#include <cstdlib>

#include "cli/exit_codes.h"

namespace fib::cli {

TemporaryDirectory::TemporaryDirectory(const std::string& name) {
  std::error_code error;
  const std::filesystem::path base = std::filesystem::temp_directory_path(error);
  std::string pattern = (base / (name + "-XXXXXX")).string();
  if (error || mkdtemp(pattern.data()) == nullptr) {
    throw CliError(kExitUsage,
                   "no temporary directory can be made: set TMPDIR to one that can be "
                   "written");
  }
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace fib::cli
