// SPDX-License-Identifier: Apache-2.0
#include "judge/workload/reference.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <fstream>

#include "judge/workload/python_process.h"
#include "tests/unit/judge_workload/toy.h"
#include "tests/unit/trace/temp_directory.h"

/// References run in a real Python with a torch of the tests, so that what a reference may do is
/// tested where torch is missing, too. One test needs the real torch.
namespace fib::judge {
namespace {

using testing::refusal;
using testing::toy;
using testing::toy_workload;

constexpr const char* kIdentity = "def run(x, ids, eps):\n    return x\n";

bool has_python() { return run_python({python_command(), "-c", ""}, 60, 1 << 20).exit_code == 0; }

class Reference : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!has_python()) GTEST_SKIP() << "there is no python3 here";
    ASSERT_EQ(setenv("PYTHONPATH", FIB_FAKE_TORCH, 1), 0);
  }
  void TearDown() override {
    unsetenv("PYTHONPATH");
    unsetenv("FIB_PYTHON");
  }
  [[nodiscard]] ReferenceOutputs run(const registry::Definition& definition, std::uint64_t seed = 1,
                                     double timeout = 60) const {
    const auto workload = materialise(definition, toy_workload(), directory_.path(), seed);
    return reference_outputs(definition, {&workload, 1}, {directory_.path(), timeout}).front();
  }
  [[nodiscard]] std::string said(const std::string& body, double timeout = 60) const {
    return refusal([&] { return run(toy("def run(x, ids, eps):\n" + body), 1, timeout); });
  }
  [[nodiscard]] std::vector<std::filesystem::path> kept() const {
    std::vector<std::filesystem::path> files;
    const auto place = directory_.path() / "references";
    if (!std::filesystem::exists(place)) return files;
    for (const auto& entry : std::filesystem::directory_iterator(place))
      files.push_back(entry.path());
    return files;
  }

  trace::testing::TempDirectory directory_;
};

TEST_F(Reference, GetsTheInputsAndGivesTheOutputs) {
  const auto workload = materialise(toy(), toy_workload(), directory_.path(), 1);
  const ReferenceOutputs results = run(toy(kIdentity));
  EXPECT_EQ(results.outputs.at("y"), workload.inputs.at("x"));
  EXPECT_FALSE(results.from_cache);
}

TEST_F(Reference, SeveralWorkloadsShareOneProcess) {
  const auto once =
      toy("calls = []\n"
          "def run(x, ids, eps):\n"
          "    calls.append(x)\n"
          "    return calls[0]\n");
  std::vector<MaterialisedWorkload> workloads;
  for (const std::uint64_t seed : {1, 2, 3})
    workloads.push_back(materialise(once, toy_workload(), directory_.path(), seed));
  const auto ask = [&](std::size_t first, std::size_t count) {
    return reference_outputs(once, std::span(workloads).subspan(first, count),
                             {directory_.path(), 60});
  };
  ASSERT_EQ(ask(1, 1).size(), 1u);
  const auto all = ask(0, 3);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_FALSE(all[0].from_cache);
  EXPECT_TRUE(all[1].from_cache);
  EXPECT_EQ(all[0].outputs.at("y"), workloads[0].inputs.at("x"));
  EXPECT_EQ(all[1].outputs.at("y"), workloads[1].inputs.at("x"));
  EXPECT_EQ(all[2].outputs.at("y"), workloads[0].inputs.at("x")) << "the first call's";
}

TEST_F(Reference, GetsScalarsOfTheirType) {
  registry::Definition definition =
      toy("def run(x, ids, eps, n):\n"
          "    assert type(eps) is float and eps == 0.5\n"
          "    assert type(n) is int and n == 7\n"
          "    assert ids.dtype.name == 'int32' and ids.shape == (3,)\n"
          "    return {'count': n, 'y': x}\n");
  registry::TensorSpec number;
  number.dtype = registry::DType::Int64;
  definition.inputs.add("n", number);
  definition.outputs.add("count", number);
  registry::Workload given = toy_workload();
  given.inputs.add("n", {registry::ScalarInput{std::int64_t{7}}, {}});
  const auto workload = materialise(definition, given, directory_.path(), 1);
  const ReferenceOutputs results = reference_outputs(definition, {&workload, 1}).front();
  EXPECT_EQ(results.outputs.at("count").size(), 8u);
  EXPECT_EQ(results.outputs.at("count").front(), std::byte{7});
  EXPECT_TRUE(kept().empty());  // without a cache
}

TEST_F(Reference, IsRunOnceForTheSameInputs) {
  EXPECT_FALSE(run(toy(kIdentity)).from_cache);
  const ReferenceOutputs again = run(toy(kIdentity));
  EXPECT_TRUE(again.from_cache);
  EXPECT_EQ(again.outputs.at("y").size(), 24u);
  EXPECT_FALSE(run(toy(kIdentity), 2).from_cache);
  EXPECT_FALSE(run(toy(std::string(kIdentity) + "# another\n")).from_cache);
  EXPECT_EQ(kept().size(), 3u);
}

TEST_F(Reference, IsRunAgainIfTheCacheIsDamaged) {
  (void)run(toy(kIdentity));
  ASSERT_EQ(kept().size(), 1u);
  std::ofstream(kept().front()) << "damaged";
  const ReferenceOutputs again = run(toy(kIdentity));
  EXPECT_FALSE(again.from_cache);
  EXPECT_TRUE(run(toy(kIdentity)).from_cache);
}

TEST_F(Reference, ThatFailsSaysWhy) {
  EXPECT_EQ(said("    raise ValueError('no such expert')\n"),
            "the reference of toy failed (exit code 1): ValueError: no such expert");
  EXPECT_EQ(said("    import os; os.kill(os.getpid(), 11)\n"),
            "the reference of toy failed (exit code 139): it wrote nothing");
  EXPECT_EQ(refusal([&] { return run(toy("x = 1\n")); }).find("the reference of toy failed"), 0u);
  EXPECT_TRUE(kept().empty());
}

TEST_F(Reference, ThatHangsIsEnded) {
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(said("    import time; time.sleep(600)\n", 2),
            "the reference of toy took longer than 2 s");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(60));
}

TEST_F(Reference, MustReturnWhatTheDefinitionSays) {
  EXPECT_EQ(said("    return ids\n"),
            "the reference of toy returned y as I32 [3] instead of BF16 [3, 4]");
  EXPECT_EQ(said("    return x.reshape([4, 3])\n"),
            "the reference of toy returned y as BF16 [4, 3] instead of BF16 [3, 4]");
  EXPECT_NE(said("    return x, ids\n").find("run returned 2 outputs instead of 1"),
            std::string::npos);
  EXPECT_NE(said("    return {'z': x}\n").find("KeyError: 'y'"), std::string::npos);
}

TEST_F(Reference, CanForgeNothing) {
  EXPECT_NE(said("    import os; os._exit(0)\n").find("returned cannot be opened"),
            std::string::npos)
      << said("    import os; os._exit(0)\n");
  const std::string forge =
      "    import os, sys\n"
      "    place = os.path.join(sys.argv[1], 'outputs.safetensors')\n";
  EXPECT_EQ(said(forge + "    open(place, 'w').write('x' * 100)\n    os._exit(0)\n")
                .find("the reference of toy returned no safetensors file"),
            0u);
  EXPECT_EQ(said(forge + "    os.mkfifo(place)\n    os._exit(0)\n"),
            "the reference of toy returned is no regular file");
  EXPECT_NE(said(forge + "    open(place, 'wb').write(bytes(64 << 20))\n    os._exit(0)\n")
                .find("failed"),
            std::string::npos);
}

TEST_F(Reference, NeedsTorch) {
  const auto run_identity = [&] { return run(toy(kIdentity)); };
  ASSERT_EQ(setenv("FIB_PYTHON", "/no/such/python", 1), 0);
  EXPECT_THROW(run_identity(), NoReference);
  EXPECT_EQ(refusal(run_identity),
            "the reference of toy can't run: /no/such/python could not be started (No such file or "
            "directory); set FIB_PYTHON to a Python that has torch");
  unsetenv("FIB_PYTHON");
  directory_.write("broken/torch.py", "raise ImportError('libfoo.so is missing')\n");
  ASSERT_EQ(setenv("PYTHONPATH", (directory_.path() / "broken").c_str(), 1), 0);
  EXPECT_THROW(run_identity(), NoReference);
  EXPECT_EQ(refusal(run_identity),
            "the reference of toy can't run: torch cannot be imported: libfoo.so is missing; set "
            "FIB_PYTHON to a Python that has torch");
}

TEST_F(Reference, CannotTakeHalfBytes) {
  registry::Definition definition = toy(kIdentity);
  registry::TensorSpec half;
  half.shape = std::vector<std::string>{"rows", "width"};
  half.dtype = registry::DType::Float4E2M1;
  definition.inputs.add("packed", half);
  EXPECT_THROW((void)run(definition), NoReference);
}

TEST(ReferenceWithTorch, ComputesARealOne) {
  if (run_python({python_command(), "-c", "import torch"}, 120, 1 << 20).exit_code != 0)
    GTEST_SKIP() << python_command() << " has no torch";
  const registry::Definition definition =
      toy("import torch\n\ndef run(x, ids, eps):\n"
          "    return (x.float() * 0 + ids[:, None] * 0 + eps).to(torch.bfloat16)\n");
  const auto workload = materialise(definition, toy_workload(), ".", 1);
  const auto y = reference_outputs(definition, {&workload, 1}).front().outputs.at("y");
  ASSERT_EQ(y.size(), 24u);
  for (std::size_t i = 0; i < y.size(); i += 2) {
    EXPECT_EQ(y[i], std::byte{0x00});
    EXPECT_EQ(y[i + 1], std::byte{0x3f});  // 0.5
  }
}

}  // namespace
}  // namespace fib::judge
