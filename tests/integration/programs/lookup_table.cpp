// SPDX-License-Identifier: Apache-2.0
// Prints what cuGetProcAddress (both versions) and dlsym answer for every name at every version
// that cudaTypedefs.h knows, with all flags. The harness compares the table without and with the
// shim: result codes, symbol status and found-or-not must be the same. Under
// FIBTEST_EXPECT_WRAPPED=1 the program itself checks that exactly the wrapped rows of
// driver_api.def come back as pointers into libfibshim.so.
#include <dlfcn.h>
#include <link.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>

#include "support/check.h"

using namespace fib::test;

namespace {

struct Query {
  const char* name;
  int version;
};
constexpr Query kQueries[] = {
#include "typedef_versions.inc"
};

std::map<std::string, bool> wrapped_rows() {
  return {
#define FIB_HOOK(symbol, args) {#symbol, true},
#define FIB_CALL(symbol, args) {#symbol, true},
#define FIB_USE(symbol) {#symbol, false},
#define FIB_PASS(symbol, why) {#symbol, false},
#include "driver/driver_api.def"
  };
}

bool expect_wrapped = false;
void* driver = nullptr;

struct Place {
  std::string library, symbol;
};

Place place_of(void* address) {
  Dl_info info{};
  if (address == nullptr || dladdr(address, &info) == 0) return {};
  const char* slash = std::strrchr(info.dli_fname, '/');
  return {slash != nullptr ? slash + 1 : info.dli_fname,
          info.dli_sname != nullptr ? info.dli_sname : ""};
}

/// `found` is what the caller got for `query`; the shim's wrapper has the name of what it wraps.
void check_place(const std::string& query, void* found) {
  if (found == nullptr) return;
  static const auto rows = wrapped_rows();
  const Place place = place_of(found);
  const auto row = rows.find(place.symbol);
  const bool wrapped = place.library == "libfibshim.so";
  const bool should = expect_wrapped && row != rows.end() && row->second;
  if (wrapped == should) return;
  fail(__FILE__, __LINE__, query.c_str(),
       ("is answered from " + place.library + " " + place.symbol).c_str());
}

/// The symbol found: a wrapper carries the name of what it wraps, so that the tables can be
/// compared.
std::string found_text(void* address) {
  return address != nullptr ? "found " + place_of(address).symbol : "null";
}

void* const kUntouched = reinterpret_cast<void*>(0x1234);

void* print_v2(const char* name, int version, std::uint64_t flags, bool with_status) {
  void* found = kUntouched;
  int status = -7;  // no value of the enumeration: shows whether it was written
  const CUresult rc = cuGetProcAddress_v2(
      name, &found, version, flags,
      with_status ? reinterpret_cast<CUdriverProcAddressQueryResult*>(&status) : nullptr);
  std::printf("v2 '%s' %d flags %d status %d: rc %d status %d %s\n", name, version,
              static_cast<int>(flags), with_status, rc, status,
              (found == kUntouched ? "untouched" : found_text(found)).c_str());
  return found == kUntouched ? nullptr : found;
}

using Lookup1 = CUresult (*)(const char*, void**, int, cuuint64_t);

void* print_v1(Lookup1 lookup, const char* name, int version, std::uint64_t flags) {
  void* found = kUntouched;
  const CUresult rc = lookup(name, &found, version, flags);
  std::printf("v1 '%s' %d flags %d: rc %d %s\n", name, version, static_cast<int>(flags), rc,
              (found == kUntouched ? "untouched" : found_text(found)).c_str());
  return found == kUntouched ? nullptr : found;
}

void print_all(Lookup1 v1, const char* name, int version) {
  for (const std::uint64_t flags : {0, 1, 2, 3, 64}) {
    const std::string query = std::string(name) + " " + std::to_string(version);
    void* const two = print_v2(name, version, flags, true);
    check_place(query, two);
    FIB_CHECK(print_v2(name, version, flags, false) == two);
    void* const one = print_v1(v1, name, version, flags);
    check_place(query, one);
  }
}

void print_symbols() {
  for (const auto& [symbol, wrapped] : wrapped_rows()) {
    void* const scoped = dlsym(driver, symbol.c_str());
    void* const global = dlsym(RTLD_DEFAULT, symbol.c_str());
    std::printf("dlsym %s: %s, default scope: %s\n", symbol.c_str(), found_text(scoped).c_str(),
                found_text(global).c_str());
    check_place(symbol, scoped);
    if (!expect_wrapped)
      continue;  // a preloaded library's symbols are in that scope, disabled or not
    check_place(symbol, global);
    // What a lookup returns is one and the same function, whichever way it was found.
    FIB_CHECK(scoped == global);
  }
}

}  // namespace

int main() {
  const char* flag = std::getenv("FIBTEST_EXPECT_WRAPPED");
  expect_wrapped = flag != nullptr && *flag == '1';
  driver = dlopen("libcuda.so.1", RTLD_NOW);
  FIB_CHECK(driver != nullptr);
  const auto v1 = reinterpret_cast<Lookup1>(dlsym(driver, "cuGetProcAddress"));
  for (const Query& query : kQueries) print_all(v1, query.name, query.version);
  for (const char* name :
       {"", "cu", "cuNoSuchFunction", "cudnnCreate", "cuLaunchKernel_ptsz", "malloc"}) {
    print_all(v1, name, 0);
    print_all(v1, name, 13000);
    print_all(v1, name, 99999);
  }
  print_symbols();
  std::puts("EXIT-SUCCESS");
  return 0;
}
