// SPDX-License-Identifier: Apache-2.0
#include "judge/trial/verdict.h"

#include <algorithm>
#include <set>

#include "judge/trial/reasons.h"

namespace fib::judge {
namespace {

using replayer::Range;

std::vector<Range> ranges_of(const LaunchFacts& facts, bool outputs) {
  std::vector<Range> ranges;
  for (const LaunchTensor& tensor : facts.tensors)
    if (tensor.is_output == outputs)
      for_each_piece(tensor, [&](std::uint64_t at, std::uint64_t bytes) {
        ranges.push_back({tensor.address + at, tensor.address + at + bytes});
      });
  return replayer::joined(std::move(ranges));
}

std::string bytes_text(std::uint64_t bytes) {
  return bytes == 1 ? "1 byte" : std::to_string(bytes) + " bytes";
}

}  // namespace

Judge::Judge(const TrialMemory& memory, const LaunchFacts& facts, const IncumbentStudy& study,
             const registry::Definition& definition, const match::Policy& policy)
    : memory_(memory),
      facts_(facts),
      study_(study),
      definition_(definition),
      policy_(policy),
      comparer_(comparer_for(definition)),
      by_elements_(comparer_->name() == "elements"),
      outputs_(ranges_of(facts, true)),
      inputs_(ranges_of(facts, false)) {}

Verdict Judge::judge(const ComparedRun& run) const {
  if (!run.got.strayed.empty()) return {reasons::kWritesTooMuch, run.got.strayed, {}};
  Verdict verdict = judge_elsewhere(run);
  if (verdict.passed() && run.study) verdict = judge_unwritten(run);
  if (!verdict.passed()) return verdict;
  return judge_values(run);
}

// ---- bytes of no output -------------------------------------------------------------------------

Verdict Judge::judge_elsewhere(const ComparedRun& run) const {
  std::set<std::uint32_t> pages;
  for (const auto* state : {&run.before, &run.expected, &run.got.state})
    for (const auto& [page, content] : *state) pages.insert(page);
  Offences found;
  for (const std::uint32_t page : pages) look_at_page(run, page, found);
  const auto verdict = [&](const char* reason, const Offence& offence, const char* what) {
    return Verdict{
        reason, bytes_text(offence.bytes) + what + memory_.describe(offence.address), {}};
  };
  if (found.inputs.bytes != 0)
    return verdict(reasons::kModifiesInputs, found.inputs, " of its inputs, the first is ");
  if (found.too_much.bytes != 0)
    return verdict(reasons::kWritesTooMuch, found.too_much,
                   " that the incumbent leaves alone, the first is ");
  if (found.side_effect.bytes != 0)
    return verdict(
        reasons::kSideEffectMissing, found.side_effect,
        " that the incumbent writes besides its outputs are not the same, the first is ");
  return {};
}

void Judge::look_at_page(const ComparedRun& run, std::uint32_t page, Offences& found) const {
  if (memory_.same(run.expected, run.got.state, page)) return;
  const TrialMemory::Place& place = memory_.place(page);
  const std::uint64_t begin = place.address;
  const std::vector<Range> parts = replayer::cut({{begin, begin + place.bytes}}, outputs_, false);
  if (parts.empty()) return;
  const auto copy = [&](const MemoryState& state) {
    const Bytes content = memory_.page(state, page);
    return std::vector<std::byte>(content.begin(), content.end());
  };
  const std::vector<std::byte> expected = copy(run.expected), got = copy(run.got.state);
  const std::vector<std::byte> before = copy(run.before);
  const std::vector<std::byte> noise = run.noise != nullptr ? copy(*run.noise) : expected;
  for (const Range& part : parts)
    for (std::uint64_t at = part.begin - begin; at < part.end - begin; ++at)
      if (got[at] != expected[at] && expected[at] == noise[at])
        look_at_byte(begin + at, before[at] != expected[at], found);
}

void Judge::look_at_byte(std::uint64_t address, bool is_changed, Offences& found) const {
  const bool is_input = replayer::overlaps(inputs_, {address, address + 1});
  Offence& offence = is_changed ? found.side_effect : is_input ? found.inputs : found.too_much;
  if (offence.bytes++ == 0 || address < offence.address) offence.address = address;
}

// ---- bytes of outputs ---------------------------------------------------------------------------

std::vector<std::byte> Judge::content(const MemoryState& state, const LaunchTensor& tensor) const {
  return memory_.read(state, tensor.address, tensor.bytes).value_or(std::vector<std::byte>());
}

std::vector<Range> Judge::differing(const LaunchTensor& tensor, const MemoryState& a,
                                    const MemoryState& b) const {
  return memory_.differing(a, b, tensor.address, tensor.bytes);
}

Verdict Judge::judge_unwritten(const ComparedRun& run) const {
  if (!by_elements_) return {};  // who compares by meaning knows what nobody reads
  for (const IncumbentStudy::Poisoned& output : study_.poisoned) {
    if (output.all_written) continue;
    // Where it left what the incumbent did, it wrote no more than that.
    const auto parts = differing(output.tensor, run.expected, run.got.state);
    if (parts.empty()) continue;
    const auto before = content(run.before, output.tensor);
    const auto got = content(run.got.state, output.tensor);
    const std::uint64_t element = element_bytes(output.tensor);
    Offence offence;
    for_each_element(output.tensor, parts, [&](std::uint64_t from) {
      for (std::uint64_t at = from; at < from + element; ++at)
        if (!output.written[at] && got[at] != before[at] && offence.bytes++ == 0)
          offence.address = output.tensor.address + at;
    });
    if (offence.bytes != 0)
      return {reasons::kWritesTooMuch,
              bytes_text(offence.bytes) + " of output " + output.tensor.layout.name +
                  " that the incumbent leaves alone, the first is " +
                  memory_.describe(offence.address),
              {}};
  }
  return {};
}

// Whole elements: half of one may well keep its bytes in arithmetic with what was there.
template <class IsLeft>
Verdict Judge::find_left(const IncumbentStudy::Poisoned& output, const std::vector<Range>& parts,
                         std::uint64_t by_chance, IsLeft&& is_left) const {
  Offence offence;
  const std::uint64_t element = element_bytes(output.tensor);
  for_each_element(output.tensor, parts, [&](std::uint64_t at) {
    bool left = true;
    for (std::uint64_t i = at; i < at + element && left; ++i)
      left = output.written[i] && is_left(i);
    if (!left) return;
    if (offence.bytes == 0) offence.address = output.tensor.address + at;
    offence.bytes += element;
  });
  if (offence.bytes <= by_chance * element) return {};
  return {reasons::kWritesTooLittle,
          bytes_text(offence.bytes) + " of output " + output.tensor.layout.name +
              " are as before, the first is byte " +
              std::to_string(offence.address - output.tensor.address) + " of it, " +
              memory_.describe(offence.address),
          {}};
}

Verdict Judge::left_alone(const MemoryState (&before)[2], const RunOutcome& first,
                          const RunOutcome& second) const {
  Verdict verdict;
  if (!by_elements_) return verdict;
  for (const IncumbentStudy::Poisoned& output : study_.poisoned) {
    // The patterns differ in every byte: none is left where both runs left the same.
    const auto parts = differing(output.tensor, first.state, second.state);
    if (parts.empty()) continue;
    const auto before0 = content(before[0], output.tensor);
    const auto before1 = content(before[1], output.tensor);
    const auto got0 = content(first.state, output.tensor);
    const auto got1 = content(second.state, output.tensor);
    verdict = find_left(output, parts, 0, [&](std::uint64_t at) {
      return got0[at] == before0[at] && got1[at] == before1[at];
    });
    if (!verdict.passed()) break;
  }
  return verdict;
}

Verdict Judge::left_alone_once(const MemoryState& before, const MemoryState& expected,
                               const RunOutcome& run) const {
  Verdict verdict;
  if (!by_elements_) return verdict;
  for (const IncumbentStudy::Poisoned& output : study_.poisoned) {
    const auto parts = differing(output.tensor, expected, run.state);
    if (parts.empty()) continue;
    const auto was = content(before, output.tensor), got = content(run.state, output.tensor);
    const auto wanted = content(expected, output.tensor);
    // Wrong values of few bits are the pattern's now and then.
    const std::uint64_t element = element_bytes(output.tensor);
    const std::uint64_t by_chance =
        element > 2 ? 0 : 8 + 4 * ((output.tensor.bytes / element) >> (8 * element));
    verdict = find_left(output, parts, by_chance, [&](std::uint64_t at) {
      return got[at] == was[at] && wanted[at] != was[at];
    });
    if (!verdict.passed()) break;
  }
  return verdict;
}

std::uint64_t Judge::output_differences(const MemoryState& a, const MemoryState& b) const {
  std::uint64_t differ = 0;
  for (const LaunchTensor& tensor : facts_.tensors) {
    if (!tensor.is_output) continue;
    const auto poisoned = std::find_if(
        study_.poisoned.begin(), study_.poisoned.end(),
        [&](const auto& other) { return other.tensor.layout.name == tensor.layout.name; });
    const auto parts = differing(tensor, a, b);
    if (parts.empty()) continue;
    const auto one = content(a, tensor), other = content(b, tensor);
    for (const Range& part : parts)
      for (std::uint64_t at = part.begin; at < part.end; ++at)
        differ +=
            one[at] != other[at] && (poisoned == study_.poisoned.end() || poisoned->written[at]);
  }
  return differ;
}

std::optional<Misread> Judge::misread(const ComparedRun& run) const {
  if (!by_elements_ || run.noise != nullptr) return std::nullopt;
  for (const LaunchTensor& tensor : facts_.tensors) {
    if (!tensor.is_output) continue;
    const auto expected = content(run.expected, tensor), got = content(run.got.state, tensor);
    if (expected.size() != tensor.bytes || expected == got) continue;
    auto found = judge::misread(tensor.layout, expected, got);
    if (!found) continue;
    found->detail = "output " + tensor.layout.name + ": " + found->detail;
    return found;
  }
  return std::nullopt;
}

/// Of several bounds each suffices, since it holds for all elements.
Comparison Judge::by_policy(const ComparedLaunch::Tensor& tensor) const {
  Comparison comparison;
  for (const bool absolute : {true, false}) {
    const std::optional<double>& bound =
        absolute ? policy_.max_absolute_error : policy_.max_relative_error;
    if (!bound) continue;
    const Tolerance tolerance{absolute ? *bound : 0, absolute ? 0 : *bound, 1};
    comparison =
        compare_elements(tensor.layout, tolerance, tensor.expected, tensor.got, tensor.noise);
    if (comparison.passed) break;
  }
  return comparison;
}

bool Judge::is_like(const ComparedRun& run, const ComparedRun& other) const {
  if (!by_elements_ || run.noise != nullptr || other.noise != nullptr) return false;
  return std::ranges::all_of(facts_.tensors, [&](const LaunchTensor& tensor) {
    return !tensor.is_output || (differing(tensor, run.expected, other.expected).empty() &&
                                 differing(tensor, run.got.state, other.got.state).empty());
  });
}

/// The incumbent is right by definition, whatever its outputs mean.
std::optional<std::map<std::string, Comparison>> Judge::all_equal(const ComparedRun& run) const {
  std::map<std::string, Comparison> outputs;
  for (const LaunchTensor& tensor : facts_.tensors) {
    if (!tensor.is_output) continue;
    if (memory_.bytes_from(tensor.address) < tensor.bytes) return std::nullopt;
    if (!differing(tensor, run.expected, run.got.state).empty()) return std::nullopt;
    Comparison& same = outputs[tensor.layout.name];
    same.passed = true;
    same.elements = tensor.layout.elements();
  }
  return outputs;
}

Verdict Judge::judge_values(const ComparedRun& run) const {
  if (auto same = all_equal(run)) return {{}, {}, std::move(*same)};
  if (run.like != nullptr && !run.like->verdict.outputs.empty() && is_like(run, *run.like->run))
    return run.like->verdict;
  ComparedLaunch launch;
  launch.definition = &definition_;
  launch.axes = facts_.axes;
  launch.scalars = facts_.scalars;
  std::vector<std::vector<std::byte>> kept;
  kept.reserve(4 * facts_.tensors.size());  // spans point into its elements
  const auto keep = [&](const MemoryState& state, const LaunchTensor& tensor) {
    return Bytes(kept.emplace_back(content(state, tensor)));
  };
  for (const LaunchTensor& tensor : facts_.tensors) {
    ComparedLaunch::Tensor& compared = launch.tensors[tensor.layout.name];
    compared.layout = tensor.layout;
    // Who compares element by element asks for no inputs, which may be large.
    if (!by_elements_) compared.before = keep(run.before, tensor);
    if (!tensor.is_output) continue;
    compared.expected = keep(run.expected, tensor);
    compared.got = keep(run.got.state, tensor);
    if (run.noise != nullptr) compared.noise = keep(*run.noise, tensor);
  }
  Verdict verdict;
  verdict.outputs = comparer_->compare(launch);
  const bool own_bounds = policy_.max_absolute_error || policy_.max_relative_error;
  if (own_bounds && by_elements_)
    for (auto& [name, comparison] : verdict.outputs)
      comparison = by_policy(launch.tensors.at(name));
  for (const auto& [name, comparison] : verdict.outputs) {
    if (comparison.passed || !verdict.reason.empty()) continue;
    verdict.reason = comparison.reason;
    verdict.detail = "output " + name + ": " + comparison.detail;
  }
  return verdict;
}

}  // namespace fib::judge
