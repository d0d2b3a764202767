// SPDX-License-Identifier: Apache-2.0
#include "judge/trial/sampling_check.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <set>
#include <stdexcept>

#include "driver/check.h"
#include "judge/compare/rows.h"
#include "judge/compare/sampling.h"
#include "judge/trial/pattern.h"
#include "judge/trial/reasons.h"
#include "judge/trial/runner.h"

namespace fib::judge {
namespace {

using SteadyClock = std::chrono::steady_clock;

const std::set<std::string, std::less<>> kSeeds = {"seed",          "seeds",       "philox_seed",
                                                   "rng_seed",      "random_seed", "offset",
                                                   "philox_offset", "rng_offset",  "seed_offset"};
const std::set<std::string, std::less<>> kUniforms = {"uniform_samples", "uniforms", "uniform",
                                                      "random_numbers", "coins"};

constexpr std::uint64_t kMostLaunches = 20000;
constexpr auto kLongest = std::chrono::seconds(5);
/// Draws of one row to look for at first, then twice as many each time.
constexpr std::uint64_t kFirstLook = 64;
constexpr double kThreshold = 0.2;  ///< upstream's, of the total variation distance
/// Enough is known when a perfect sampler would be this much off.
constexpr double kGoodEnough = kThreshold / 4;
/// Of all rows together; more would not fit into memory.
constexpr std::uint64_t kMostShares = 20'000'000;

class Draws {
 public:
  Draws(Candidate& candidate, Subject& subject, TrialMemory& memory, const LaunchFacts& facts,
        std::uint64_t seed)
      : candidate_(candidate), subject_(subject), memory_(memory), facts_(facts), random_(seed) {}

  Comparison run(const SamplingRoles& roles) {
    const std::vector<std::string> inputs = random_inputs(candidate_.definition());
    if (inputs.empty()) return nothing("the Definition has no seed or random numbers as inputs");
    ComparedLaunch launch = describe();
    const auto tokens = launch.tensors.find(roles.tokens);
    if (tokens == launch.tensors.end()) return nothing("its tokens are not known");
    const SamplingLaunch drawn(launch, roles);
    if (drawn.samples() * drawn.vocabulary() > kMostShares)
      return nothing("there are too many rows of too many tokens");
    SampleCounts counts(drawn);
    memory_.set({});
    draw(inputs, *find(roles.tokens), counts);
    candidate_.reset_scalars();
    return counts.verdict(kThreshold);
  }

 private:
  static Comparison nothing(const std::string& why) {
    Comparison result;
    result.passed = true;
    result.detail = "not checked: " + why;
    return result;
  }

  [[nodiscard]] const LaunchTensor* find(const std::string& name) const {
    const auto found = std::ranges::find(
        facts_.tensors, name, [](const LaunchTensor& tensor) { return tensor.layout.name; });
    return found == facts_.tensors.end() ? nullptr : &*found;
  }

  ComparedLaunch describe() {
    ComparedLaunch launch;
    launch.definition = &candidate_.definition();
    launch.axes = facts_.axes;
    launch.scalars = facts_.scalars;
    contents_.reserve(facts_.tensors.size());  // spans point into its elements
    for (const LaunchTensor& tensor : facts_.tensors) {
      ComparedLaunch::Tensor& known = launch.tensors[tensor.layout.name];
      known.layout = tensor.layout;
      if (auto content = memory_.read({}, tensor.address, tensor.bytes))
        known.before = contents_.emplace_back(std::move(*content));
    }
    return launch;
  }

  void draw(const std::vector<std::string>& inputs, const LaunchTensor& tokens,
            SampleCounts& counts) {
    const auto end = SteadyClock::now() + kLongest;
    std::vector<std::byte> content(tokens.bytes);
    for (std::uint64_t look = kFirstLook; counts.launches() < kMostLaunches;) {
      for (const std::string& input : inputs) redraw(input);
      expect_success(subject_.api(), candidate_.launch(), "its launch with other random numbers");
      subject_.wait();
      FIB_DRIVER_CHECK(subject_.api(),
                       cuMemcpyDtoH_v2(content.data(), tokens.address, content.size()));
      counts.add(Rows(tokens.layout, content).all());
      if (SteadyClock::now() > end) return;
      if (counts.launches() < look) continue;
      if (counts.sampling_error() <= kGoodEnough) return;
      look *= 2;
    }
  }

  /// Seeds as large as any of their type may be; offsets as generators count them, by fours.
  [[nodiscard]] std::uint64_t number(const std::string& name) {
    const bool is_offset = name.find("offset") != std::string::npos;
    return is_offset ? 4 * random_.below(1 << 20) : random_.below(std::uint64_t{1} << 31);
  }

  void redraw(const std::string& name) {
    const LaunchTensor* const tensor = find(name);
    if (tensor == nullptr) {
      if (!candidate_.set_scalar(name, static_cast<std::int64_t>(number(name))))
        throw CandidateFailed(reasons::kRefused, "it can't be launched with another " + name);
      return;
    }
    std::vector<std::byte> content(tensor->bytes);
    const std::uint64_t size = element_bytes(*tensor);
    for (std::uint64_t at = 0; at + size <= content.size(); at += size) {
      if (tensor->layout.dtype == registry::DType::Float32) {
        const float uniform = static_cast<float>(random_.below(1 << 24)) * 0x1p-24F;
        std::memcpy(&content[at], &uniform, sizeof uniform);
      } else {
        const std::uint64_t value = number(name);
        std::memcpy(&content[at], &value, size);
      }
    }
    FIB_DRIVER_CHECK(subject_.api(),
                     cuMemcpyHtoD_v2(tensor->address, content.data(), content.size()));
  }

  Candidate& candidate_;
  Subject& subject_;
  TrialMemory& memory_;
  const LaunchFacts& facts_;
  Random random_;
  std::vector<std::vector<std::byte>> contents_;
};

}  // namespace

std::vector<std::string> random_inputs(const registry::Definition& definition) {
  std::vector<std::string> names;
  for (const auto& [name, spec] : definition.inputs) {
    const bool wide = spec.dtype == registry::DType::Int64 || spec.dtype == registry::DType::Int32;
    const bool uniform = !spec.is_scalar() && spec.dtype == registry::DType::Float32;
    if ((wide && kSeeds.contains(name)) || (uniform && kUniforms.contains(name)))
      names.push_back(name);
  }
  return names;
}

std::optional<Comparison> check_distribution(Candidate& candidate, Subject& subject,
                                             TrialMemory& memory, const LaunchFacts& facts,
                                             std::uint64_t seed) try {
  const auto roles = sampling_roles(candidate.definition());
  if (!roles) return std::nullopt;
  return Draws(candidate, subject, memory, facts, seed).run(*roles);
} catch (const std::invalid_argument& problem) {
  Comparison result;
  result.passed = true;
  result.detail = std::string("not checked: ") + problem.what();
  return result;
}

}  // namespace fib::judge
