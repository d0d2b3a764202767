// SPDX-License-Identifier: Apache-2.0
#include "shim/elf_object.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "loaded_library.h"

extern "C" {
__attribute__((visibility("default"))) int fib_symbol_of_the_program() { return 42; }
__attribute__((visibility("default"))) int fib_variable_of_the_program = 43;
}

namespace fib::shim {
namespace {

using test::LoadedLibrary;

ElfObject object_named(std::string_view name) {
  return find_object([&](const ElfObject& object) { return object.name() == name; });
}

/// Whether the object's dynamic section has an entry with this tag.
bool has_dynamic_entry(std::string_view name, ElfW(Sxword) tag) {
  struct Search {
    std::string_view name;
    ElfW(Sxword) tag;
    bool found;
  } search{name, tag, false};
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* context) {
        auto& s = *static_cast<Search*>(context);
        if (!std::string_view(info->dlpi_name).ends_with(s.name)) return 0;
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          if (info->dlpi_phdr[i].p_type != PT_DYNAMIC) continue;
          const auto* entry =
              reinterpret_cast<const ElfW(Dyn)*>(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
          for (; entry->d_tag != DT_NULL; ++entry) s.found = s.found || entry->d_tag == s.tag;
        }
        return 1;
      },
      &search);
  return search.found;
}

TEST(ElfObjectTest, FindsNothingInAnObjectThatIsNone) {
  const ElfObject none;
  EXPECT_FALSE(none.valid());
  EXPECT_EQ(none.find("dlsym"), nullptr);
  EXPECT_FALSE(none.contains(&none));
  EXPECT_FALSE(none.contains(nullptr));
  EXPECT_EQ(none.name(), "");
  EXPECT_FALSE(object_named("libno-such-library.so").valid());
}

TEST(ElfObjectTest, FindsSymbolsOfLibc) {
  const LoadedLibrary libc("libc.so.6", RTLD_NOLOAD);
  const ElfObject object = object_named("libc.so.6");
  ASSERT_TRUE(object.valid());
  // Among them some with two versions, of which only one is meant.
  for (const char* name : {"getpid", "dlsym", "dlopen", "_exit", "qsort", "environ", "regexec",
                           "posix_spawn", "pthread_cond_wait", "fopen", "realpath"})
    EXPECT_EQ(object.find(name), libc.symbol(name)) << name;
  EXPECT_TRUE(object.contains(object.find("getpid")));
  EXPECT_FALSE(object.contains(&object));
}

TEST(ElfObjectTest, DoesNotFindWhatIsNotThere) {
  const ElfObject object = object_named("libc.so.6");
  for (const char* name : {"", "fib_no_such_symbol", "getpi", "getpidx", "GETPID", "\xff\xfe",
                           "fib_symbol_of_the_program"})
    EXPECT_EQ(object.find(name), nullptr) << name;
}

TEST(ElfObjectTest, FindsSymbolsOfTheProgram) {
  const ElfObject program = find_object([](const ElfObject&) { return true; });
  ASSERT_TRUE(program.valid());
  EXPECT_EQ(program.name(), "") << "the program comes first";
  EXPECT_EQ(program.find("fib_symbol_of_the_program"),
            reinterpret_cast<void*>(&fib_symbol_of_the_program));
  EXPECT_EQ(program.find("fib_variable_of_the_program"), &fib_variable_of_the_program);
  EXPECT_TRUE(program.contains(reinterpret_cast<void*>(&fib_symbol_of_the_program)));
  EXPECT_TRUE(program.contains(&fib_variable_of_the_program));
  EXPECT_FALSE(program.contains(object_named("libc.so.6").find("getpid")));
}

TEST(ElfObjectTest, SymbolsThatAnObjectOnlyNeedsAreNotItsOwn) {
  const ElfObject program = object_named("");
  EXPECT_EQ(program.find("dl_iterate_phdr"), nullptr);
  EXPECT_EQ(program.find("dlclose"), nullptr);
}

/// Both kinds of hash table, one library each.
class ElfHash : public testing::TestWithParam<const char*> {};

TEST_P(ElfHash, FindsAllSymbolsAndNoOther) {
  const LoadedLibrary library(GetParam());
  const std::string path = GetParam();
  const std::string name = path.substr(path.rfind('/') + 1);
  const bool gnu = path.find("gnu") != std::string::npos;
  ASSERT_EQ(has_dynamic_entry(name, DT_GNU_HASH), gnu);
  ASSERT_EQ(has_dynamic_entry(name, DT_HASH), !gnu);
  const ElfObject object = object_named(name);
  ASSERT_TRUE(object.valid());
  std::vector<std::string> names = {"fib_first", "fib_second", "fib_data", "fib_address_of_hidden"};
  for (const char* number : {"10", "11", "12", "20", "21", "22", "30", "31", "32", "40", "41", "42",
                             "50", "51", "52", "60", "61", "62"})
    names.push_back("fib_some_" + std::string(number));
  for (const std::string& symbol : names) {
    ASSERT_NE(library.symbol(symbol.c_str()), nullptr) << symbol;
    EXPECT_EQ(object.find(symbol.c_str()), library.symbol(symbol.c_str())) << symbol;
  }
  for (const char* absent : {"fib_hidden", "fib_some_13", "fib_third", "", "malloc"})
    EXPECT_EQ(object.find(absent), nullptr) << absent;
}

INSTANTIATE_TEST_SUITE_P(Both, ElfHash, testing::Values(FIB_SYSV_LIBRARY, FIB_GNU_LIBRARY),
                         [](const testing::TestParamInfo<const char*>& test) {
                           return test.param == std::string(FIB_SYSV_LIBRARY) ? "Sysv" : "Gnu";
                         });

TEST(ElfObjectTest, FindsTheDefaultVersion) {
  const LoadedLibrary library(FIB_VERSIONED_LIBRARY);
  const ElfObject object = object_named("libfib_versioned.so");
  ASSERT_TRUE(object.valid());
  ASSERT_NE(library.symbol("fib_versioned", "FIB_1"), library.symbol("fib_versioned", "FIB_2"));
  EXPECT_EQ(object.find("fib_versioned"), library.symbol("fib_versioned", "FIB_2"));
  EXPECT_EQ(object.find("fib_plain"), library.symbol("fib_plain"));
  ASSERT_NE(library.symbol("fib_retired", "FIB_1"), nullptr);
  EXPECT_EQ(object.find("fib_retired"), nullptr);
}

TEST(ElfObjectTest, ReadsObjectsThatNobodyRelocated) {
  const ElfObject vdso = object_named("linux-vdso.so.1");
  if (!vdso.valid()) GTEST_SKIP() << "this kernel has no vDSO";
  void* found = vdso.find("__vdso_clock_gettime");
  ASSERT_NE(found, nullptr);
  EXPECT_TRUE(vdso.contains(found));
}

TEST(ElfObjectTest, ForgetsLibrariesThatAreGone) {
  { const LoadedLibrary library(FIB_SYSV_LIBRARY); }
  EXPECT_FALSE(object_named("libfib_sysv.so").valid());
}

}  // namespace
}  // namespace fib::shim
