// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dlfcn.h>
#include <gtest/gtest.h>

namespace fib::shim::test {

/// A library that is loaded as long as this object lives, its symbols for nobody else.
class LoadedLibrary {
 public:
  explicit LoadedLibrary(const char* path, int flags = 0)
      : handle_(dlopen(path, RTLD_NOW | RTLD_LOCAL | flags)) {
    EXPECT_NE(handle_, nullptr) << dlerror();
  }
  ~LoadedLibrary() {
    if (handle_ != nullptr) dlclose(handle_);
  }
  LoadedLibrary(const LoadedLibrary&) = delete;
  LoadedLibrary& operator=(const LoadedLibrary&) = delete;

  [[nodiscard]] void* symbol(const char* name) const { return dlsym(handle_, name); }
  [[nodiscard]] void* symbol(const char* name, const char* version) const {
    return dlvsym(handle_, name, version);
  }

 private:
  void* handle_;
};

}  // namespace fib::shim::test
