// SPDX-License-Identifier: Apache-2.0
#include "registry/build/toolkit.h"

#include <dlfcn.h>
#include <link.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "registry/build/sha256.h"
#include "registry/store/files.h"

namespace fib::build {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 2> kVersions = {".so.13", ".so.12"};

class Directories {
 public:
  void add(const fs::path& path) {
    std::error_code error;
    const fs::path real = fs::canonical(path, error);
    if (error || !fs::is_directory(real, error)) return;
    if (std::find(list_.begin(), list_.end(), real) == list_.end()) list_.push_back(real);
  }
  /// lib/python3.*/{site,dist}-packages/nvidia/*/lib below a Python environment.
  void add_python(const fs::path& environment) {
    std::error_code error;
    for (const auto& python : fs::directory_iterator(environment / "lib", error)) {
      if (!python.path().filename().native().starts_with("python3")) continue;
      for (const char* packages : {"site-packages", "dist-packages"}) {
        add_packages(python.path() / packages / "nvidia");
      }
    }
  }
  [[nodiscard]] std::vector<fs::path> take() { return std::move(list_); }

 private:
  void add_packages(const fs::path& nvidia) {
    std::error_code error;
    std::vector<fs::path> found;
    for (const auto& package : fs::directory_iterator(nvidia, error)) {
      found.push_back(package.path() / "lib");
    }
    std::sort(found.rbegin(), found.rend());
    for (const fs::path& path : found) add(path);
  }

  std::vector<fs::path> list_;
};

/// Empty unless the variable holds an absolute path: where we are must not decide.
fs::path path_of(const char* variable) {
  const char* const value = std::getenv(variable);
  const fs::path path = value != nullptr ? value : "";
  return path.is_absolute() ? path : fs::path();
}

/// The environment of the python3 that $PATH has; empty if it has none.
fs::path python_environment() {
  const char* const value = std::getenv("PATH");
  std::string_view rest = value != nullptr ? value : "";
  while (!rest.empty()) {
    const fs::path directory = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.find(':'), rest.size() - 1) + 1);
    std::error_code error;
    if (directory.is_absolute() && fs::exists(directory / "python3", error)) {
      return directory.parent_path();
    }
  }
  return {};
}

Library opened(const fs::path& name) {
  Library library;
  library.handle = ::dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library.handle == nullptr) {
    const char* const reason = ::dlerror();
    library.error = reason != nullptr ? reason : "no reason given";
    return library;
  }
  link_map* map = nullptr;
  std::error_code error;
  if (::dlinfo(library.handle, RTLD_DI_LINKMAP, &map) == 0 && map != nullptr) {
    library.path = fs::canonical(map->l_name, error);
  }
  return library;
}

std::string remedy(std::string_view stem) {
  return stem == "nvrtc" ? "install the CUDA toolkit or `pip install nvidia-cuda-nvrtc`, or give "
                           "its path with --nvrtc"
                         : "install the CUDA toolkit or `pip install nvidia-nvjitlink`";
}

}  // namespace

std::vector<fs::path> library_directories(const fs::path& beside) {
  Directories directories;
  if (!beside.empty()) directories.add(beside);
  for (const char* variable : {"CUDA_HOME", "CUDA_PATH"}) {
    const fs::path home = path_of(variable);
    if (!home.empty()) directories.add(home / "lib64");
    if (!home.empty()) directories.add(home / "lib");
  }
  directories.add("/usr/local/cuda/lib64");
  for (const char* variable : {"VIRTUAL_ENV", "CONDA_PREFIX"}) {
    const fs::path environment = path_of(variable);
    if (!environment.empty()) directories.add_python(environment);
  }
  if (const fs::path python = python_environment(); !python.empty()) directories.add_python(python);
  if (const fs::path home = path_of("HOME"); !home.empty()) directories.add_python(home / ".local");
  return directories.take();
}

Library open_library(std::string_view stem, const fs::path& chosen, const fs::path& beside) {
  if (!chosen.empty()) {
    Library library = opened(chosen);
    if (library.handle == nullptr) library.error = "can't be opened: " + library.error;
    return library;
  }
  std::vector<fs::path> names;
  const std::string name = "lib" + std::string(stem);
  if (beside.empty()) {
    for (const char* version : kVersions) names.emplace_back(name + version);
  }
  for (const fs::path& directory : library_directories(beside)) {
    for (const char* version : kVersions) names.push_back(directory / (name + version));
  }
  for (const fs::path& candidate : names) {
    std::error_code error;
    if (candidate.is_absolute() && !fs::exists(candidate, error)) continue;
    if (Library library = opened(candidate); library.handle != nullptr) return library;
  }
  return {nullptr, "", name + " was not found: " + remedy(stem)};
}

std::vector<fs::path> header_directories(const fs::path& library) {
  const fs::path lib = library.parent_path(), prefix = lib.parent_path();
  Directories directories;
  std::error_code error;
  // A toolkit or pip's package of CUDA 13; pip's packages of CUDA 12; a distribution's.
  for (const fs::path& include : {prefix / "include", prefix.parent_path() / "cuda_runtime/include",
                                  prefix.parent_path() / "include"}) {
    if (!fs::exists(include / "cuda_fp16.h", error)) continue;
    directories.add(include);
    directories.add(include / "cccl");
    directories.add(prefix.parent_path() / "cuda_cccl/include");
    break;
  }
  return directories.take();
}

std::string header_version(const std::vector<fs::path>& directories) {
  if (directories.empty()) return "";
  constexpr std::size_t kLargest = std::size_t{16} << 20;
  Sha256 hash;
  for (const char* name : {"cuda.h", "cuda_runtime_api.h", "cuda_fp16.hpp", "cuda_bf16.hpp"}) {
    hash.add(registry::read_file(directories.front() / name, kLargest).text);
    hash.add("\n--\n");
  }
  return hash.hex().substr(0, 12);
}

}  // namespace fib::build
