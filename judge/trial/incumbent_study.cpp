// SPDX-License-Identifier: Apache-2.0
#include "judge/trial/incumbent_study.h"

#include <algorithm>
#include <set>

#include "judge/compare/comparison.h"

namespace fib::judge {
namespace {

using replayer::Range;

class Study {
 public:
  Study(Runner& runner, TrialMemory& memory, Subject& subject, const LaunchFacts& facts,
        std::uint64_t seed)
      : runner_(runner), memory_(memory), subject_(subject), facts_(facts), seed_(seed) {}

  IncumbentStudy run() {
    s_.recorded = runner_.incumbent({}).state;
    if (const auto pages = subject_.differences_from_recording(); pages.value_or(0) != 0)
      add_note("it leaves " + std::to_string(*pages) + " pages otherwise than in the recording");
    s_.recorded_again = runner_.incumbent({}).state;
    const std::uint64_t differ = count_differences(memory_, s_.recorded, s_.recorded_again);
    s_.deterministic = differ == 0;
    if (differ != 0) add_note("its two runs differ in " + std::to_string(differ) + " bytes");
    choose_outputs();
    while (!settles()) {
    }
    return std::move(s_);
  }

 private:
  void add_note(const std::string& text) { s_.note += (s_.note.empty() ? "" : "; ") + text; }

  void choose_outputs() {
    for (const LaunchTensor& output : facts_.tensors) {
      if (!output.is_output) continue;
      if (memory_.bytes_from(output.address) < output.bytes) {
        add_note("output " + output.layout.name + " is not all in memory of the case");
        continue;
      }
      const auto is_input = [&](const LaunchTensor& other) {
        return !other.is_output && other.overlaps(output);
      };
      if (std::any_of(facts_.tensors.begin(), facts_.tensors.end(), is_input))
        add_note("output " + output.layout.name + " is not poisoned: it is an input, too");
      else if (output.bytes > kLargestCopied)
        add_note("output " + output.layout.name + " is not poisoned: it is too large");
      else
        s_.poisoned.push_back({output, {}});
    }
  }

  /// Runs with both patterns; true if no output had to be taken out.
  bool settles() {
    for (std::uint32_t pattern = 0; pattern < 2; ++pattern) {
      from_[pattern].clear();
      s_.fill(memory_, from_[pattern], seed_, pattern);
      s_.poison[pattern] = runner_.incumbent(from_[pattern]).state;
    }
    const std::size_t before = s_.poisoned.size();
    std::erase_if(s_.poisoned, [&](IncumbentStudy::Poisoned& output) {
      if (!depends_on(output)) return false;
      add_note("output " + output.tensor.layout.name +
               " is not poisoned: the incumbent reads what it holds");
      return true;
    });
    return s_.poisoned.size() == before;
  }

  /// Whether what was in the output before shows in what is there now. Fills in what is written.
  bool depends_on(IncumbentStudy::Poisoned& output) {
    find_written(output);
    output.all_written =
        std::find(output.written.begin(), output.written.end(), false) == output.written.end();
    const LaunchTensor& tensor = output.tensor;
    std::vector<Range> parts = differing(tensor, s_.poison[0], s_.poison[1]);
    const std::vector<Range> others = differing(tensor, s_.poison[0], s_.recorded);
    parts.insert(parts.end(), others.begin(), others.end());
    parts = replayer::joined(std::move(parts));
    if (parts.empty()) return false;
    const auto after0 = content(s_.poison[0], tensor);
    auto after1 = content(s_.poison[1], tensor), recorded = content(s_.recorded, tensor);
    bool same = true;
    for (const Range& part : parts)
      for (std::uint64_t i = part.begin; i < part.end; ++i) {
        if (output.written[i])
          same = same && after0[i] == after1[i] && after0[i] == recorded[i];
        else
          after1[i] = recorded[i] = after0[i];
      }
    if (same) return false;
    if (s_.deterministic) return true;
    const Tolerance tolerance = default_tolerance(tensor.layout.dtype);
    return !compare_elements(tensor.layout, tolerance, after0, after1, recorded).passed;
  }

  /// Every byte that differs from what one of the patterns left there. The patterns differ in every
  /// byte: where both runs left the same page, all of it is written.
  void find_written(IncumbentStudy::Poisoned& output) const {
    const LaunchTensor& tensor = output.tensor;
    output.written.assign(tensor.bytes, false);
    std::vector<Range> parts = differing(tensor, s_.poison[0], from_[0]);
    const std::vector<Range> others = differing(tensor, s_.poison[1], from_[1]);
    parts.insert(parts.end(), others.begin(), others.end());
    parts = replayer::joined(std::move(parts));
    if (tensor.is_dense()) {
      const std::vector<Range> unclear = differing(tensor, s_.poison[0], s_.poison[1]);
      for (const Range& part : replayer::cut(parts, unclear, false))
        std::fill(output.written.begin() + static_cast<std::ptrdiff_t>(part.begin),
                  output.written.begin() + static_cast<std::ptrdiff_t>(part.end), true);
      parts = replayer::cut(parts, unclear, true);
    }
    if (parts.empty()) return;
    const auto before0 = content(from_[0], tensor), before1 = content(from_[1], tensor);
    const auto after0 = content(s_.poison[0], tensor), after1 = content(s_.poison[1], tensor);
    for (const Range& part : parts)
      for (std::uint64_t i = part.begin; i < part.end; ++i)
        output.written[i] = after0[i] != before0[i] || after1[i] != before1[i];
    spread(output, parts);
  }

  [[nodiscard]] std::vector<Range> differing(const LaunchTensor& tensor, const MemoryState& a,
                                             const MemoryState& b) const {
    return memory_.differing(a, b, tensor.address, tensor.bytes);
  }

  [[nodiscard]] std::vector<std::byte> content(const MemoryState& state,
                                               const LaunchTensor& tensor) const {
    return memory_.read(state, tensor.address, tensor.bytes).value();
  }

  /// Elements are written as a whole: of one that trembles some bytes may be the patterns' by
  /// chance.
  static void spread(IncumbentStudy::Poisoned& output, const std::vector<Range>& parts) {
    const std::uint64_t element = element_bytes(output.tensor);
    for_each_element(output.tensor, parts, [&](std::uint64_t at) {
      const auto first = output.written.begin() + static_cast<std::ptrdiff_t>(at);
      const auto last = first + static_cast<std::ptrdiff_t>(element);
      if (std::find(first, last, true) != last) std::fill(first, last, true);
    });
  }

  Runner& runner_;
  TrialMemory& memory_;
  Subject& subject_;
  const LaunchFacts& facts_;
  std::uint64_t seed_;
  MemoryState from_[2];
  IncumbentStudy s_;
};

}  // namespace

void IncumbentStudy::fill(TrialMemory& memory, MemoryState& state, std::uint64_t seed,
                          std::uint32_t pattern) const {
  for (const Poisoned& output : poisoned) {
    const LaunchTensor& tensor = output.tensor;
    for_each_piece(tensor, [&](std::uint64_t at, std::uint64_t bytes) {
      (void)memory.fill(state, tensor.address + at, bytes, seed, pattern);
    });
  }
}

std::uint64_t count_differences(const TrialMemory& memory, const MemoryState& a,
                                const MemoryState& b) {
  std::set<std::uint32_t> pages;
  for (const auto& [page, content] : a) pages.insert(page);
  for (const auto& [page, content] : b) pages.insert(page);
  std::uint64_t differ = 0;
  for (const std::uint32_t page : pages) {
    if (memory.same(a, b, page)) continue;
    const Bytes one = memory.page(a, page);
    const std::vector<std::byte> copy(one.begin(), one.end());
    const Bytes other = memory.page(b, page);
    for (std::size_t i = 0; i < copy.size(); ++i) differ += copy[i] != other[i];
  }
  return differ;
}

IncumbentStudy study_incumbent(Runner& runner, TrialMemory& memory, Subject& subject,
                               const LaunchFacts& facts, std::uint64_t seed) {
  return Study(runner, memory, subject, facts, seed).run();
}

}  // namespace fib::judge
