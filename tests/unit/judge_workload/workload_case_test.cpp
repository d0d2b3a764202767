// SPDX-License-Identifier: Apache-2.0
#include "judge/workload/workload_case.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/unit/judge_workload/toy.h"
#include "tests/unit/trace/temp_directory.h"

namespace fib::judge {
namespace {

using testing::refusal;
using testing::toy;

class WorkloadFiles : public ::testing::Test {
 protected:
  WorkloadFiles() {
    made.workload = materialise(toy(), testing::toy_workload(), directory.path(), 5);
    made.variants.resize(2);
    made.variants[0].outputs["y"].assign(24, std::byte{1});
    made.variants[1].inputs["x"].assign(24, std::byte{2});
    made.variants[1].outputs["y"].assign(24, std::byte{3});
    made.variants[1].note = "other values in x";
    write_workload_case(directory.path(), toy(), made);
  }
  [[nodiscard]] WorkloadCase read() const { return read_workload_case(directory.path(), toy()); }

  trace::testing::TempDirectory directory;
  WorkloadCase made;
};

TEST_F(WorkloadFiles, AreReadAsTheyWereWritten) {
  const WorkloadCase again = read();
  EXPECT_EQ(again.workload.inputs, made.workload.inputs);
  EXPECT_EQ(again.workload.scalars, made.workload.scalars);
  EXPECT_EQ(again.workload.axes, made.workload.axes);
  EXPECT_EQ(again.workload.sources, made.workload.sources);
  EXPECT_EQ(again.workload.seed, 5u);
  EXPECT_EQ(again.workload.layouts.at("y").shape, (std::vector<std::int64_t>{3, 4}));
  ASSERT_EQ(again.variants.size(), 2u);
  EXPECT_TRUE(again.has_outputs());
  EXPECT_EQ(again.variants[0].outputs, made.variants[0].outputs);
  EXPECT_EQ(again.variants[1].inputs, made.variants[1].inputs);
  EXPECT_EQ(again.variants[1].outputs, made.variants[1].outputs);
  EXPECT_EQ(again.variants[1].note, "other values in x");
}

TEST_F(WorkloadFiles, MayBeWithoutOutputs) {
  std::filesystem::remove(directory.path() / "outputs-0.safetensors");
  std::filesystem::remove(directory.path() / "outputs-1.safetensors");
  EXPECT_FALSE(read().has_outputs());
}

TEST_F(WorkloadFiles, ThatAreNotAllThereAreRefused) {
  std::filesystem::remove(directory.path() / "inputs-0.safetensors");
  EXPECT_NE(refusal([&] { return read(); }).find("there is no input x"), std::string::npos);
  std::ofstream(directory.path() / "workload.json") << "{}";
  EXPECT_NE(refusal([&] { return read(); }).find("workload.json"), std::string::npos);
}

TEST_F(WorkloadFiles, OfAnotherDefinitionAreRefused) {
  registry::Definition other = toy();
  registry::TensorSpec wide = *other.outputs.find("y");
  wide.dtype = registry::DType::Float32;
  other.outputs = {{"y", wide}};
  EXPECT_NE(refusal([&] {
              return read_workload_case(directory.path(), other);
            }).find("y is not as the Definition is"),
            std::string::npos);
}

}  // namespace
}  // namespace fib::judge
