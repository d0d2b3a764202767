// SPDX-License-Identifier: Apache-2.0
//
// Our own _dl_find_object has to answer as the one of the C library does.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "loaded_library.h"

#if __GLIBC_PREREQ(2, 35)

namespace fib::shim {
namespace {

using Function = int (*)(void*, struct dl_find_object*);

TEST(DlFindObject, AnswersAsTheCLibrary) {
  const test::LoadedLibrary libc("libc.so.6", RTLD_NOLOAD);
  const auto theirs = reinterpret_cast<Function>(libc.symbol("_dl_find_object"));
  ASSERT_NE(theirs, nullptr);
  ASSERT_NE(theirs, &_dl_find_object) << "ours is not linked";
  const test::LoadedLibrary library(FIB_GNU_LIBRARY);
  for (void* address : {reinterpret_cast<void*>(&_dl_find_object), libc.symbol("getpid"),
                        library.symbol("fib_first"), library.symbol("fib_data")}) {
    struct dl_find_object expected = {}, found = {};
    ASSERT_EQ(theirs(address, &expected), 0);
    ASSERT_EQ(_dl_find_object(address, &found), 0);
    EXPECT_EQ(found.dlfo_eh_frame, expected.dlfo_eh_frame);
    EXPECT_LE(found.dlfo_map_start, address);
    EXPECT_GT(found.dlfo_map_end, address);
  }
}

TEST(DlFindObject, DoesNotKnowOtherMemory) {
  int on_stack = 0;
  struct dl_find_object found = {};
  EXPECT_EQ(_dl_find_object(&on_stack, &found), -1);
  EXPECT_EQ(_dl_find_object(nullptr, &found), -1);
}

}  // namespace
}  // namespace fib::shim

#endif
