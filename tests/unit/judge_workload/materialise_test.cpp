// SPDX-License-Identifier: Apache-2.0
#include "judge/workload/materialise.h"

#include <gtest/gtest.h>

#include <cstring>

#include "registry/store/safetensors_writer.h"
#include "tests/unit/judge_workload/toy.h"
#include "tests/unit/trace/temp_directory.h"

namespace fib::judge {
namespace {

using registry::SafetensorsInput;
using registry::ScalarInput;
using testing::refusal;
using testing::toy;
using testing::toy_workload;

class Materialise : public ::testing::Test {
 protected:
  [[nodiscard]] MaterialisedWorkload make(const registry::Workload& workload,
                                          std::uint64_t seed = 1) const {
    return materialise(toy(), workload, directory_.path(), seed);
  }
  void write(const std::string& path, const registry::TensorData& tensor) const {
    registry::write_safetensors(directory_.path() / path, std::span(&tensor, 1));
  }
  [[nodiscard]] static registry::Workload with_file(const std::string& path) {
    registry::Workload workload = toy_workload();
    workload.inputs.add("ids", {SafetensorsInput{path, "ids"}, {}});
    return workload;
  }

  trace::testing::TempDirectory directory_;
};

TEST_F(Materialise, DrawsAndTakesValues) {
  const MaterialisedWorkload made = make(toy_workload(), 9);
  EXPECT_EQ(made.axes, (std::map<std::string, std::int64_t>{{"rows", 3}, {"width", 4}}));
  EXPECT_EQ(made.scalars.at("eps"), 0.5);
  EXPECT_EQ(made.inputs.at("x").size(), 24u);
  EXPECT_EQ(made.inputs.at("ids").size(), 12u);
  EXPECT_EQ(made.inputs.count("eps") + made.inputs.count("y"), 0u);
  EXPECT_EQ(made.layouts.at("y").shape, (std::vector<std::int64_t>{3, 4}));
  EXPECT_EQ(made.layouts.at("y").strides, (std::vector<std::int64_t>{4, 1}));
  EXPECT_EQ(made.seed, 9u);
  EXPECT_EQ(made.sources.at("x"), "normal, seed 9");
  EXPECT_EQ(made.sources.at("ids"), "integers in [-1024, 1024), seed 9");
  EXPECT_EQ(made.sources.at("eps"), "value of the Workload");
}

TEST_F(Materialise, IsTheSameForTheSameSeed) {
  EXPECT_EQ(make(toy_workload()).inputs, make(toy_workload()).inputs);
  EXPECT_NE(make(toy_workload()).inputs.at("x"), make(toy_workload(), 2).inputs.at("x"));
}

TEST_F(Materialise, DrawsMoreThanOnePiece) {
  registry::Workload workload = toy_workload();
  workload.axes = {{"rows", (1 << 20) + 3}};
  const auto bytes = make(workload).inputs.at("x");
  EXPECT_EQ(bytes.size(), 8u * ((1 << 20) + 3));
  // The pieces differ, and the last one is not empty.
  EXPECT_NE(std::memcmp(bytes.data(), bytes.data() + 4 * (1 << 20) + 16, 4096), 0);
  const std::vector<std::byte> zeros(64);
  EXPECT_NE(std::memcmp(bytes.data() + bytes.size() - 64, zeros.data(), 64), 0);
}

TEST_F(Materialise, ReadsTensors) {
  const std::int32_t ids[] = {5, 6, 7};
  write("blob/a.safetensors", {"ids", "I32", {3}, std::as_bytes(std::span(ids))});
  const MaterialisedWorkload made = make(with_file("blob/a.safetensors"));
  EXPECT_EQ(std::memcmp(made.inputs.at("ids").data(), ids, sizeof ids), 0);
  EXPECT_EQ(made.sources.at("ids"), "blob/a.safetensors");
}

TEST_F(Materialise, SaysWhichFileIsWrong) {
  const std::int32_t ids[] = {5, 6, 7};
  const auto bytes = std::as_bytes(std::span(ids));
  const auto said = [&](const std::string& path) {
    return refusal([&] { return make(with_file(path)); });
  };
  EXPECT_NE(said("blob/none").find("ids: blob/none: "), std::string::npos) << said("blob/none");
  EXPECT_NE(said("../outside").find("ids: ../outside: "), std::string::npos);
  EXPECT_NE(said("/etc/passwd").find("ids: /etc/passwd: "), std::string::npos);
  write("a", {"ids", "I32", {1, 3}, bytes});
  EXPECT_EQ(said("a"), "ids: a holds I32 [1, 3] instead of I32 [3]");
  write("b", {"ids", "F32", {3}, bytes});
  EXPECT_EQ(said("b"), "ids: b holds F32 [3] instead of I32 [3]");
  write("c", {"other", "I32", {3}, bytes});
  EXPECT_EQ(said("c"), "ids: c has no tensor \"ids\"");
  directory_.write("d", "no tensors at all");
  EXPECT_NE(said("d").find("ids: d: no safetensors file"), std::string::npos) << said("d");
}

TEST_F(Materialise, RefusesWhatDoesNotFitTheDefinition) {
  const auto said = [&](const registry::Workload& workload) {
    return refusal([&] { return make(workload); });
  };
  registry::Workload workload = toy_workload();
  workload.axes = {};
  EXPECT_EQ(said(workload), "the Workload w1 gives no value to the axis rows");
  workload = toy_workload();
  workload.inputs.add("x", {ScalarInput{1.0}, {}});
  EXPECT_EQ(said(workload), "x is a tensor, but the Workload gives it one value");
  workload = toy_workload();
  workload.inputs = {{"eps", {SafetensorsInput{"a", "eps"}, {}}}};
  EXPECT_EQ(said(workload), "eps is no tensor, but the Workload names a file for it");
  workload.inputs = {{"eps", {ScalarInput{(std::int64_t{1} << 53) + 2}, {}}}};
  EXPECT_EQ(said(workload), "eps is an integer of more than 53 bits, which is not supported");
}

TEST_F(Materialise, RefusesWhatIsTooLarge) {
  registry::Workload workload = toy_workload();
  workload.axes = {{"rows", std::int64_t{1} << 61}};
  EXPECT_NE(refusal([&] { return make(workload); }).find("exceeds the limit"), std::string::npos);
  workload.axes = {{"rows", 10}};  // 80 bytes of x and 40 of ids, then 80 of y
  const auto with_limit = [&](std::uint64_t limit) {
    return refusal([&] { return materialise(toy(), workload, directory_.path(), 1, limit); });
  };
  EXPECT_EQ(with_limit(200), "");
  EXPECT_EQ(with_limit(199), "y with the shape [10, 4] exceeds the limit of 199 bytes");
}

}  // namespace
}  // namespace fib::judge
