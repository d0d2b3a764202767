// SPDX-License-Identifier: Apache-2.0
// Samplers on Workloads: how often they draw what.
#include <cstring>

#include "judge/trial/sampling_check.h"
#include "judge/workload/workload_case.h"
#include "registry/store/registry.h"
#include "trial_fixture.h"

namespace fib::judge::testing {
namespace {

using registry::Status;

constexpr int kRows = 5, kTokens = 8;

constexpr const char* kSampler = R"J({"name": "mix", "op_type": "sampling",
  "axes": {"rows": {"type": "var"}, "tokens": {"type": "const", "value": 8}},
  "inputs": {"probs": {"shape": ["rows", "tokens"], "dtype": "float32"},
             "SEED": {"shape": null, "dtype": "int64"}},
  "outputs": {"samples": {"shape": ["rows"], "dtype": "int32"}},
  "reference": "def run(probs, SEED):\n    return None\n"})J";

class Samplers : public TrialTest {
 protected:
  /// `seed`: what the Definition calls it.
  void make_workload(const std::string& seed = "seed") {
    make_case();
    std::filesystem::remove(request.registry / "definitions/test/mix.json");
    std::string definition = kSampler;
    for (std::size_t at; (at = definition.find("SEED")) != std::string::npos;)
      definition.replace(at, 4, seed);
    write("definitions/sampling/mix.json", definition);
    const auto opened = registry::Registry::open(request.registry);
    WorkloadCase made;
    made.workload.axes = {{"rows", kRows}, {"tokens", kTokens}};
    made.workload.scalars[seed] = 7;
    std::vector<float> probs;
    for (int i = 0; i < kRows * kTokens; ++i) probs.push_back(static_cast<float>(1 + i % 3) / 16);
    std::vector<std::byte>& bytes = made.workload.inputs["probs"];
    bytes.resize(probs.size() * sizeof(float));
    std::memcpy(bytes.data(), probs.data(), bytes.size());
    const registry::Definition& record = opened.definition("mix")->record;
    for (const auto* group : {&record.inputs, &record.outputs})
      for (const auto& [name, spec] : *group)
        if (!spec.is_scalar())
          made.workload.layouts[name] = contiguous_layout(name, spec, made.workload.axes);
    made.variants.emplace_back().outputs["samples"].resize(kRows * sizeof(int));
    request.subject.directory = directory.path() / "workload";
    std::filesystem::create_directories(request.subject.directory);
    write_workload_case(request.subject.directory, record, made);
    request.workload = "w1";
    request.fresh_runs = 0;
    seed_ = seed;
  }

  void add_sampler(const std::string& name) {
    add_solution(name, R"J({"kernels": [{"entry": ")J" + name +
                           R"J(", "module": "trial_kernels.simcubin", "grid": [1], "block": [32],
      "arguments": [{"type": "ptr", "value": "probs"}, {"type": "i64", "value": ")J" +
                           seed_ + R"J("}, {"type": "ptr", "value": "samples"},
                    {"type": "i32", "value": "rows"}, {"type": "i32", "value": "tokens"}]}],
      "tensors": {"samples": {"tail": 1}}})J");
  }

  static CheckResult distribution(const TrialResult& result) {
    for (const CheckResult& check : result.checks)
      if (check.name == "distribution") return check;
    return {};
  }

  std::string seed_;
};

TEST_F(Samplers, WhoDrawsAsOftenAsItShouldPasses) {
  make_workload();
  add_sampler("draws");
  const CheckResult check = distribution(expect_passed("draws"));
  EXPECT_TRUE(check.passed);
  EXPECT_EQ(check.detail.find("total variation distance"), 0u) << check.detail;
}

TEST_F(Samplers, WhoDrawsTheLikeliestAloneIsWrong) {
  make_workload();
  add_sampler("greedy");
  add_sampler("sharpens");
  for (const char* const name : {"greedy", "sharpens"}) {
    const TrialResult result =
        expect_failed(name, Status::IncorrectNumerical, "wrong distribution");
    EXPECT_FALSE(distribution(result).passed);
  }
}

TEST_F(Samplers, WithoutASeedNothingIsSaid) {
  make_workload("temper");
  add_sampler("greedy");
  const CheckResult check = distribution(expect_passed("greedy"));
  EXPECT_EQ(check.detail.find("not checked"), 0u) << check.detail;
}

TEST(RandomInputs, AreKnownByName) {
  registry::Definition definition;
  registry::TensorSpec scalar, tensor;
  scalar.dtype = registry::DType::Int64;
  tensor.shape = std::vector<std::string>{"rows"};
  definition.inputs.add("philox_offset", scalar);
  definition.inputs.add("top_k", scalar);
  definition.inputs.add("uniform_samples", tensor);
  definition.inputs.add("seed", tensor);  // of no integer type
  EXPECT_EQ(random_inputs(definition),
            (std::vector<std::string>{"philox_offset", "uniform_samples"}));
}

}  // namespace
}  // namespace fib::judge::testing
