// SPDX-License-Identifier: Apache-2.0
// dlsym behaves as without the shim: scopes, RTLD_NEXT relative to the caller, dlerror's text,
// names that only look like the driver's. Prints facts; the harness compares them.
#include <dlfcn.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <utility>

#include "programs/lib_next.h"
#include "support/check.h"

using namespace fib::test;

// Both versions of the reference, as old NVIDIA libraries and new programs have them.
extern "C" void* dlsym_old(void*, const char*);
extern "C" void* dlsym_new(void*, const char*);
__asm__(".symver dlsym_old, dlsym@GLIBC_2.2.5");
__asm__(".symver dlsym_new, dlsym@GLIBC_2.34");

namespace {

using Dlsym = void* (*)(void*, const char*);

std::string error_text() {
  const char* text = dlerror();
  return text != nullptr ? text : "no error";
}

const char* base(const char* path) {
  const char* slash = std::strrchr(path, '/');
  return slash != nullptr ? slash + 1 : path;
}

std::string owner(void* address) {
  Dl_info info{};
  if (address == nullptr) return "null";
  if (dladdr(address, &info) == 0) return "nowhere";
  // The one difference that the shim may make: who owns a wrapped entry point.
  const std::string name = base(info.dli_fname);
  return name == "libfibshim.so" || name.starts_with("libcuda.so") ? "driver or shim" : name;
}

void names(const char* title, Dlsym find, void* scope) {
  for (const char* name :
       {"cudnnCreate", "cuda_something", "curandCreateGenerator", "cuNoSuchFunction", "cu", "c", "",
        "cuInit", "cuLaunchKernel", "cuCtxGetDevice", "malloc", "printf", "environ",
        "fibtest_next_target"}) {
    dlerror();
    void* const found = find(scope, name);
    std::printf("%s '%s': %s; %s; %s\n", title, name, owner(found).c_str(), error_text().c_str(),
                error_text().c_str());
  }
}

}  // namespace

extern "C" int fibtest_next_target() { return 1; }  // lib_next's libraries define it, too

int main() {
  void* const driver = dlopen("libcuda.so.1", RTLD_NOW);
  FIB_CHECK(driver != nullptr);
  void* const libc = dlopen("libc.so.6", RTLD_NOW);
  for (const auto& [title, find] : {std::pair{"old", &dlsym_old}, std::pair{"new", &dlsym_new}}) {
    names((std::string(title) + " handle").c_str(), find, driver);
    names((std::string(title) + " libc").c_str(), find, libc);
    names((std::string(title) + " default").c_str(), find, RTLD_DEFAULT);
    names((std::string(title) + " next").c_str(), find, RTLD_NEXT);
  }
  // RTLD_NEXT is relative to the library that asks: program 1, first library 2, second library 3.
  std::printf("next of the program: %d\n",
              reinterpret_cast<int (*)()>(dlsym(RTLD_NEXT, "fibtest_next_target"))());
  std::printf("next of the first library: %d\n", fibtest_first_asks_next());
  for (int i = 0; i < 3; ++i) {
    std::printf("next of the last library: %d\n", fibtest_last_asks_next());
  }
  std::printf("next of a library for cuInit: %s\n", owner(fibtest_first_finds("cuInit")).c_str());
  dlerror();
  FIB_CHECK(dlsym(RTLD_DEFAULT, "cuNoSuchFunction") == nullptr);
  FIB_CHECK(dlopen("libnosuch.so", RTLD_NOW) == nullptr);
  std::printf("%s\n", error_text().c_str());
  std::puts("EXIT-SUCCESS");
  return 0;
}
