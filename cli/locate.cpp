// SPDX-License-Identifier: Apache-2.0
#include "cli/locate.h"

#include <cstdlib>
#include <vector>

#include "cli/exit_codes.h"

namespace fib::cli {
namespace {

namespace fs = std::filesystem;

fs::path own_directory() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).parent_path();
}

fs::path from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? fs::path(value) : fs::path();
}

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

fs::path find(const char* variable, const char* library, const std::vector<fs::path>& directories,
              const char* remedy) {
  const fs::path chosen = from_environment(variable);
  if (!chosen.empty()) {
    if (is_file(chosen)) return fs::absolute(chosen);
    throw CliError(kExitUsage, std::string(variable) + " is '" + chosen.string() +
                                   "', which is not a file: correct or unset it");
  }
  std::string looked;
  for (const fs::path& directory : directories) {
    const fs::path candidate = (directory / library).lexically_normal();
    if (is_file(candidate)) return candidate;
    looked += (looked.empty() ? "" : ", ") + candidate.string();
  }
  throw CliError(kExitUsage, std::string("no ") + library + " (looked at " + looked +
                                 "): " + remedy + ", or set " + variable + " to its path");
}

std::vector<fs::path> library_directories() {
  const fs::path bin = own_directory();
  return {bin / "../lib", bin / "../lib64", bin};
}

}  // namespace

fs::path find_shim() {
  return find("FIBSHIM_LIB", "libfibshim.so", library_directories(), "run scripts/build");
}

fs::path find_audit_library() {
  std::vector<fs::path> directories = library_directories();
  const fs::path shim = from_environment("FIBSHIM_LIB");
  if (!shim.empty()) directories.insert(directories.begin(), fs::absolute(shim).parent_path());
  return find("FIBAUDIT_LIB", "libfibaudit.so", directories,
              "run scripts/build where CUPTI's headers are installed");
}

fs::path find_cupti() {
  std::vector<fs::path> candidates = {from_environment("FIB_CUPTI_LIBRARY")};
  for (const fs::path& root : {from_environment("CUDA_HOME"), fs::path("/usr/local/cuda")}) {
    if (root.empty()) continue;
    for (const char* place : {"extras/CUPTI/lib64", "lib64", "lib", "targets/x86_64-linux/lib"}) {
      for (const char* name : {"libcupti.so.13", "libcupti.so"}) {
        candidates.push_back(root / place / name);
      }
    }
  }
  // A checkout's own dependencies: the tool is in <checkout>/build/bin then.
  candidates.push_back(own_directory() / "../../.deps/cuda/lib/libcupti.so.13");
  for (const fs::path& candidate : candidates) {
    if (!candidate.empty() && is_file(candidate)) return candidate.lexically_normal();
  }
  return {};
}

}  // namespace fib::cli
