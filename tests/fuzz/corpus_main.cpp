// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target without libFuzzer: every file of the corpus, then the same mutations of them
// each time, so that any compiler's ordinary build and CI exercise the target.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;
using Input = std::vector<std::uint8_t>;
using Random = std::mt19937_64;

constexpr int kMutationsPerFile = 400;
constexpr std::chrono::seconds kTimeLimit(10);  ///< per input; a usual one takes less than 1 ms

std::vector<Input> load(int count, char** paths) {
  std::vector<fs::path> files;
  for (int i = 0; i < count; ++i) {
    if (fs::is_regular_file(paths[i])) files.emplace_back(paths[i]);
    if (!fs::is_directory(paths[i])) continue;
    for (const auto& entry : fs::recursive_directory_iterator(paths[i])) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  std::vector<Input> inputs;
  for (const auto& path : files) {
    std::ifstream file(path, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return inputs;
}

std::size_t below(Random& random, std::size_t limit) { return limit == 0 ? 0 : random() % limit; }

auto position(Random& random, const Input& input) {
  return static_cast<std::ptrdiff_t>(below(random, input.size()));
}

void overwrite_word(Random& random, Input& input) {
  static constexpr std::uint32_t kWords[] = {0,          1,          8,         0x7fffffff,
                                             0x80000000, 0xfffffff8, 0xffffffff};
  const std::uint32_t word = kWords[below(random, std::size(kWords))];
  const auto at = below(random, input.size() / 4) * 4;
  for (std::size_t i = 0; i < 4 && at + i < input.size(); ++i) {
    input[at + i] = static_cast<std::uint8_t>(word >> (8 * i));
  }
}

void insert_range(Random& random, Input& input, const Input& from) {
  const auto start = position(random, from);
  const auto length = position(random, from) % (static_cast<std::ptrdiff_t>(from.size()) - start);
  const Input range(from.begin() + start, from.begin() + start + length);
  input.insert(input.begin() + position(random, input), range.begin(), range.end());
}

void erase_range(Random& random, Input& input) {
  const auto start = position(random, input);
  const auto length = 1 + position(random, input) / 8;
  const auto end = std::min(start + length, static_cast<std::ptrdiff_t>(input.size()));
  input.erase(input.begin() + start, input.begin() + end);
}

void mutate_once(Random& random, Input& input, const Input& other) {
  if (input.empty()) return input.push_back(static_cast<std::uint8_t>(random()));
  switch (random() % 6) {
    case 0:
      input[below(random, input.size())] ^= static_cast<std::uint8_t>(1u << random() % 8);
      break;
    case 1: input[below(random, input.size())] = static_cast<std::uint8_t>(random()); break;
    case 2: overwrite_word(random, input); break;
    case 3: input.resize(below(random, input.size())); break;
    case 4:
      if (!other.empty()) insert_range(random, input, other);
      break;
    case 5: erase_range(random, input); break;
  }
}

Input mutated(Random& random, const std::vector<Input>& inputs, const Input& seed) {
  Input input = seed;
  const auto steps = 1 + random() % 4;
  for (std::uint64_t i = 0; i < steps; ++i) {
    mutate_once(random, input, inputs[below(random, inputs.size())]);
  }
  return input;
}

void run(const Input& input) {
  const auto start = std::chrono::steady_clock::now();
  LLVMFuzzerTestOneInput(input.data(), input.size());
  if (std::chrono::steady_clock::now() - start < kTimeLimit) return;
  std::fprintf(stderr, "an input of %zu bytes took longer than 10 s\n", input.size());
  std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  const auto inputs = load(argc - 1, argv + 1);
  if (inputs.empty()) {
    std::fprintf(stderr, "usage: %s CORPUS...; no file in the directories given\n", argv[0]);
    return 2;
  }
  Random random(20240229);
  std::size_t runs = 0;
  for (const auto& seed : inputs) {
    run(seed);
    for (int i = 0; i < kMutationsPerFile; ++i) run(mutated(random, inputs, seed));
    runs += 1 + kMutationsPerFile;
  }
  std::printf("%zu files, %zu inputs\n", inputs.size(), runs);
  return 0;
}
