// SPDX-License-Identifier: Apache-2.0
#include "registry/draft/fields.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/unit/registry_draft/launches.h"

namespace fib::registry {
namespace {

using match::Scalar;
using testing::Launches;

TEST(Signature, SaysWhatParametersAre) {
  const auto types = parameter_types(
      "void norm<float, 4>(c10::BFloat16 const*, __half*, unsigned int, std::array<char*, 2>, "
      "float)",
      5);
  ASSERT_EQ(types.size(), 5u);
  EXPECT_EQ(types[0], (ParameterType{true, true, DType::BFloat16}));
  EXPECT_EQ(types[1], (ParameterType{true, false, DType::Float16}));
  EXPECT_EQ(types[2], (ParameterType{false, false, DType::Int32}));
  EXPECT_FALSE(types[3].is_pointer);
  EXPECT_EQ(types[4].dtype, DType::Float32);
}

TEST(Signature, SaysNothingWhereItDoesNotFit) {
  EXPECT_TRUE(parameter_types("triton_poi_fused_add_0", 3).empty());
  EXPECT_TRUE(parameter_types("f(int)", 2).empty());
  EXPECT_TRUE(parameter_types("", 0).empty());
  EXPECT_TRUE(parameter_types("f(int))))", 1).empty());
  EXPECT_EQ(parameter_types("f(void (*)(int, int), int)", 2).size(), 2u);
}

TEST(Fields, PointersConstantsAndVaryingOnes) {
  Launches launches("k", "triton_k", {8, 8, 4, 4, 8});
  launches.allocation(1, 4096).allocation(2, 4096);
  for (int i = 1; i <= 3; ++i) {
    launches.launch(1, 128).pointer(0, 1, 64).pointer(1, 2).value(2, 100 * i).value(3, 1e-5f);
    launches.value(4, std::int64_t{7});
  }
  const auto fields = parameter_fields(launches.kernel());
  ASSERT_EQ(fields.size(), 5u);
  EXPECT_EQ(fields[0].expression(), "param(0, 0, ptr)");
  EXPECT_EQ(fields[0].room(), 4096u - 64);
  EXPECT_TRUE(fields[1].is_pointer());
  EXPECT_EQ(fields[2].expression(), "param(2, 0, i32)");
  EXPECT_FALSE(fields[2].is_constant());
  EXPECT_TRUE(fields[2].may_be_size());
  EXPECT_EQ(fields[3].type, Scalar::F32);
  EXPECT_EQ(fields[3].literal(0), "f32(9.99999975e-06)");
  EXPECT_FALSE(fields[3].may_be_size());
  EXPECT_EQ(fields[4].expression(), "param(4, 0, i64)");
  EXPECT_EQ(fields[4].literal(0), "7");
}

TEST(Fields, StructuresAreTakenApart) {
  Launches launches("k", "k", {40});
  launches.allocation(1, 4096);
  launches.launch(1, 32).value(0, 5, 0).value(0, 6, 4).pointer(0, 1, 0, 8).value(0, -1.5f, 16);
  launches.value(0, std::int64_t{-3}, 24).value(0, std::int16_t{9}, 32);
  const auto fields = parameter_fields(launches.kernel());
  std::vector<std::string> seen;
  for (const auto& field : fields) seen.push_back(field.expression());
  EXPECT_EQ(seen,
            (std::vector<std::string>{"param(0, 0, i32)", "param(0, 4, i32)", "param(0, 8, ptr)",
                                      "param(0, 16, f32)", "param(0, 20, i32)", "param(0, 24, i64)",
                                      "param(0, 32, i64)"}));
}

TEST(Fields, AWordIsAPointerOnlyIfItAlwaysIs) {
  Launches launches("k", "k", {8, 8});
  launches.allocation(1, 4096);
  launches.launch(1, 32).pointer(0, 1).value(1, std::uint64_t{0});
  launches.launch(1, 32).value(0, std::uint64_t{77}).pointer(1, 1);
  const auto fields = parameter_fields(launches.kernel());
  EXPECT_FALSE(fields.front().is_pointer());
  EXPECT_TRUE(fields.back().is_pointer());
  EXPECT_TRUE(fields.back().may_be_null());
  EXPECT_EQ(fields.back().room(), 0u);
}

TEST(Fields, WhatIsWrittenGoesBeforeWhatIsDeclared) {
  Launches launches("k", "k(float*, float const*, float*)", {8, 8, 8});
  launches.allocation(1, 4096).allocation(2, 4096).allocation(3, 4096);
  launches.launch(1, 32).pointer(0, 1).pointer(1, 2).pointer(2, 3);
  auto fields = parameter_fields(launches.kernel());
  EXPECT_EQ(fields[0].access, Access::DeclaredWrite);
  EXPECT_EQ(fields[1].access, Access::DeclaredRead);
  EXPECT_EQ(fields[2].dtype, DType::Float32);
  launches.written(2).written(0, Written::No).written(1, Written::Perhaps);
  fields = parameter_fields(launches.kernel());
  EXPECT_EQ(fields[0].access, Access::SeenRead);
  EXPECT_EQ(fields[1].access, Access::DeclaredRead);  // "perhaps" says nothing
  EXPECT_EQ(fields[2].access, Access::SeenWritten);
}

TEST(Fields, ShortBuffersAreZeros) {
  Launches launches("k", "k", {4, 8});
  launches.launch(1, 32).value(0, 5);
  launches.last().params.resize(4);
  const auto fields = parameter_fields(launches.kernel());
  ASSERT_EQ(fields.size(), 2u);
  EXPECT_EQ(fields[1].values.front(), 0);
  launches.kernel().layout_known = false;
  EXPECT_TRUE(parameter_fields(launches.kernel()).empty());
}

TEST(Fields, FloatsThatAreNoneStayBits) {
  Launches launches("k", "k(float)", {4});
  launches.launch(1, 32).value(0, std::numeric_limits<float>::quiet_NaN());
  EXPECT_EQ(parameter_fields(launches.kernel()).front().literal(0), "2143289344");
}

}  // namespace
}  // namespace fib::registry
