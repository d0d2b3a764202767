// SPDX-License-Identifier: Apache-2.0
// A program that copes with a machine without a driver.
#include <dlfcn.h>

#include <cstdio>

int main() {
  void* const library = dlopen("libcuda.so.1", RTLD_NOW);
  std::printf("%s\n", library == nullptr ? dlerror() : "a driver");
  std::printf("%s\n", dlsym(RTLD_DEFAULT, "cuNoSuchFunction") == nullptr ? dlerror() : "found");
  std::puts("EXIT-SUCCESS");
  return 0;
}
