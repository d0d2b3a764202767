// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda.h>

#include <string>
#include <vector>

/// The code images of the integration programs: $FIBTEST_IMAGES/<name>.simcubin.
namespace fib::test {

std::vector<char> image(const std::string& name);

/// A module loaded from memory that is overwritten and freed as soon as the driver returns.
class Module {
 public:
  explicit Module(const std::string& name);
  ~Module();
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  CUmodule handle() const { return module_; }
  CUfunction function(const char* name) const;
  void unload();

 private:
  CUmodule module_ = nullptr;
};

}  // namespace fib::test
