// SPDX-License-Identifier: Apache-2.0
#include "driver/cupti_api.h"

#include <dlfcn.h>

#include <cstdlib>

namespace fib::driver {
namespace {

// Records have the layout of the header that we were built with, so its major version comes first.
// CUPTI_API_VERSION is 130001 for 13.0.
#if CUPTI_API_VERSION >= 140000 || CUPTI_API_VERSION < 100000
#error "add this CUPTI's major version to the list below"
#elif CUPTI_API_VERSION >= 130000
constexpr const char* kSoname = "libcupti.so.13";
#else
constexpr const char* kSoname = "libcupti.so.12";
#endif

void* open_cupti(std::string& error) {
  if (void* loaded = dlopen(kSoname, RTLD_NOW | RTLD_NOLOAD)) return loaded;
  const char* chosen = std::getenv("FIB_CUPTI_LIBRARY");
  if (chosen != nullptr && *chosen != '\0') {
    if (void* handle = dlopen(chosen, RTLD_NOW)) return handle;
  }
  for (const char* name : {kSoname, "libcupti.so"}) {
    if (void* handle = dlopen(name, RTLD_NOW)) return handle;
  }
  const char* reason = dlerror();
  error = std::string("cannot open ") + kSoname + " (" + (reason ? reason : "no reason given") +
          "): set FIB_CUPTI_LIBRARY to its path";
  return nullptr;
}

template <typename Function>
bool find(void* library, const char* name, Function& function, std::string& error) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  if (function != nullptr) return true;
  error = std::string("this CUPTI has no ") + name + ": use one of CUDA 12 or newer";
  return false;
}

}  // namespace

bool load_cupti(CuptiApi& api, std::string& error) {
  void* library = open_cupti(error);
  if (library == nullptr) return false;
  bool complete = true;
#define FIB_CUPTI(name) complete = complete && find(library, #name, api.name, error);
#include "driver/cupti_api.def"
  return complete;
}

const char* result_name(const CuptiApi& api, CUptiResult result) {
  const char* text = nullptr;
  if (api.cuptiGetResultString(result, &text) != CUPTI_SUCCESS || text == nullptr) {
    return "unknown CUPTI error";
  }
  return text;
}

}  // namespace fib::driver
