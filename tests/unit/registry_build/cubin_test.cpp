// SPDX-License-Identifier: Apache-2.0
#include "registry/build/cubin.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/registry_build/sample.h"

namespace fib::build {
namespace {

ParsedCubin read(const std::string& bytes) { return read_cubin(std::as_bytes(std::span(bytes))); }

struct Expectation {
  const char *file, *arch;
  std::uint32_t registers, stack_registers;
  friend void PrintTo(const Expectation& it, std::ostream* out) { *out << it.file; }
};

class RealCubin : public ::testing::TestWithParam<Expectation> {};

// What ptxas printed when these files were made.
TEST_P(RealCubin, SaysWhatItsKernelsNeed) {
  const ParsedCubin cubin = read(testing::corpus_file(GetParam().file));
  ASSERT_TRUE(cubin.info) << cubin.error;
  EXPECT_EQ(to_string(cubin.info->arch), GetParam().arch);
  ASSERT_EQ(cubin.info->entries.size(), 2u);
  const auto of = [&](std::string_view name) {
    const auto& entries = cubin.info->entries;
    return *std::find_if(entries.begin(), entries.end(),
                         [&](const Entry& entry) { return entry.name == name; });
  };
  const Entry scale = of("scale_rows"), stack = of("stack_user");
  EXPECT_EQ(scale.registers, GetParam().registers);
  EXPECT_EQ(scale.shared, 256u);
  EXPECT_EQ(scale.local, 0u);
  EXPECT_EQ(scale.max_threads, 256u);
  const std::vector<match::ParamSlot> parameters = {{0, 8}, {8, 8}, {16, 4}, {24, 16}};
  EXPECT_EQ(scale.parameters, parameters);
  EXPECT_EQ(stack.registers, GetParam().stack_registers);
  EXPECT_EQ(stack.shared, 0u);
  EXPECT_EQ(stack.local, 128u);
  EXPECT_FALSE(stack.max_threads);
}

INSTANTIATE_TEST_SUITE_P(Cubins, RealCubin,
                         ::testing::Values(Expectation{"cuda12.4-sm_90a.cubin", "sm_90a", 12, 32},
                                           Expectation{"cuda12.8-sm_80.cubin", "sm_80", 10, 32},
                                           Expectation{"cuda13.0-sm_90a.cubin", "sm_90a", 12, 32},
                                           Expectation{"cuda13.0-sm_100a.cubin", "sm_100a", 12,
                                                       31}));

TEST(Cubin, RefusesWhatIsNone) {
  std::string bytes = testing::corpus_file("cuda13.0-sm_90a.cubin");
  EXPECT_EQ(read("").error, "is no ELF file, or cut off");
  EXPECT_EQ(read("hello").error, "is no ELF file, or cut off");
  EXPECT_EQ(read(bytes.substr(0, bytes.size() - 1)).error, "is no ELF file, or cut off");
  std::string other = bytes;
  other[18] = 62;  // e_machine: x86-64
  EXPECT_EQ(read(other).error, "holds no code for NVIDIA GPUs");
  other = bytes;
  other[16] = 1;  // e_type: relocatable
  EXPECT_NE(read(other).error.find("has to be linked"), std::string::npos);
}

TEST(Cubin, SurvivesEveryCutAndEveryFlippedByte) {
  const std::string bytes = testing::corpus_file("cuda13.0-sm_90a.cubin");
  for (std::size_t size = 0; size < bytes.size(); size += 7) (void)read(bytes.substr(0, size));
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(~changed[at]);
    (void)read(changed);
  }
}

}  // namespace
}  // namespace fib::build
