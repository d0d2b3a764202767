// SPDX-License-Identifier: Apache-2.0
#include "support/image.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <vector>

#include "support/check.h"

namespace fib::test {

std::vector<char> image(const std::string& name) {
  const char* directory = std::getenv("FIBTEST_IMAGES");
  FIB_CHECK(directory != nullptr);
  const std::string path = std::string(directory) + "/" + name + ".simcubin";
  std::ifstream file(path, std::ios::binary);
  if (!file) fail(__FILE__, __LINE__, path.c_str(), "cannot be opened");
  return {std::istreambuf_iterator<char>(file), {}};
}

Module::Module(const std::string& name) {
  std::vector<char> bytes = image(name);
  CU(cuModuleLoadData(&module_, bytes.data()));
  std::fill(bytes.begin(), bytes.end(), '\xcc');
}

CUfunction Module::function(const char* name) const {
  CUfunction function = nullptr;
  CU(cuModuleGetFunction(&function, module_, name));
  return function;
}

void Module::unload() {
  if (module_ != nullptr) CU(cuModuleUnload(module_));
  module_ = nullptr;
}

Module::~Module() { unload(); }

}  // namespace fib::test
