// SPDX-License-Identifier: Apache-2.0
// Loads a plugin that uses the driver, in the ways that bypass preloaded libraries: `deepbind`,
// `dlmopen`; or `plain`. The plugin must work in each.
#include <dlfcn.h>

#include <cstdio>
#include <string>

#include "support/check.h"

using namespace fib::test;

int main(int, char** argv) {
  const std::string how = argv[1];
  void* plugin = nullptr;
  if (how == "dlmopen") plugin = dlmopen(LM_ID_NEWLM, "libfibtest_plugin.so", RTLD_NOW);
  if (how == "deepbind") plugin = dlopen("libfibtest_plugin.so", RTLD_NOW | RTLD_DEEPBIND);
  if (how == "plain") plugin = dlopen("libfibtest_plugin.so", RTLD_NOW);
  if (plugin == nullptr) fail(__FILE__, __LINE__, "plugin", dlerror());
  const auto run = reinterpret_cast<int (*)()>(dlsym(plugin, "fibtest_plugin_run"));
  FIB_CHECK(run != nullptr);
  for (int i = 0; i < 3; ++i) std::printf("plugin: %d\n", run());
  std::puts("EXIT-SUCCESS");
  return 0;
}
