// SPDX-License-Identifier: Apache-2.0
#include "driver/driver_api.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>

namespace fib::driver {
namespace {

template <class... Args>
constexpr std::size_t arity(CUresult (*)(Args...)) {
  return sizeof...(Args);
}

constexpr std::size_t count_words(std::string_view words) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < words.size(); ++i)
    count += words[i] != ' ' && (i == 0 || words[i - 1] == ' ') ? 1u : 0u;
  return count;
}

// The compiler itself counts here; scripts/check_driver_api.py reads the header's text instead.
#define FIB_HOOK(symbol, args) \
  static_assert(count_words(args) == arity(decltype(&::symbol){}), #symbol);
#define FIB_CALL(symbol, args) FIB_HOOK(symbol, args)
#include "driver/driver_api.def"

TEST(DriverApi, NamesEveryRowOnce) {
  std::set<std::string> names;
  for (const ApiInfo& row : kApiInfo) EXPECT_TRUE(names.insert(row.name).second) << row.name;
  EXPECT_EQ(names.size(), kApiCount);
}

TEST(DriverApi, InfoMatchesItsNumber) {
  EXPECT_STREQ(info(Api::cuLaunchKernel).name, "cuLaunchKernel");
  EXPECT_TRUE(info(Api::cuLaunchKernel).hooked);
  EXPECT_STREQ(info(Api::cuMemFree_v2).args, "dptr");
  EXPECT_FALSE(info(Api::cuFuncGetName).hooked);
  EXPECT_STREQ(info(Api::cuFuncGetName).args, "");
}

TEST(DriverApi, SlotsAreTheMembersInOrder) {
  DriverApi api{};
  int marker = 0;
  api.slots()[static_cast<std::size_t>(Api::cuLaunchKernel_ptsz)] = &marker;
  EXPECT_EQ(reinterpret_cast<void*>(api.cuLaunchKernel_ptsz), &marker);
  EXPECT_EQ(api.cuLaunchKernel, nullptr);
}

/// Every form of a kernel or graph launch goes through a body of ours: a form that is only passed
/// through would run unseen.
TEST(DriverApi, EveryLaunchIsHooked) {
  for (const std::string_view symbol :
       {"cuLaunch", "cuLaunchGrid", "cuLaunchGridAsync", "cuLaunchKernel", "cuLaunchKernel_ptsz",
        "cuLaunchKernelEx", "cuLaunchKernelEx_ptsz", "cuLaunchCooperativeKernel",
        "cuLaunchCooperativeKernel_ptsz", "cuLaunchCooperativeKernelMultiDevice", "cuGraphLaunch",
        "cuGraphLaunch_ptsz"}) {
    bool hooked = false;
    for (const ApiInfo& row : kApiInfo) hooked |= row.hooked && symbol == row.name;
    EXPECT_TRUE(hooked) << symbol;
  }
}

/// Code built with per-thread default streams calls the _ptsz or _ptds twin: what is seen of one
/// must be seen of the other.
TEST(DriverApi, PerThreadTwinsAreHookedAlike) {
  std::set<std::string> hooked;
  for (const ApiInfo& row : kApiInfo)
    if (row.hooked) hooked.insert(row.name);
  for (const std::string& name : hooked) {
    const std::size_t end = name.size() < 5 ? 0 : name.size() - 5;
    const std::string suffix = name.substr(end);
    if (suffix == "_ptsz" || suffix == "_ptds") {
      EXPECT_TRUE(hooked.contains(name.substr(0, end))) << name;
    }
  }
}

}  // namespace
}  // namespace fib::driver
