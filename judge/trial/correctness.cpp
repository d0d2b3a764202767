// SPDX-License-Identifier: Apache-2.0
#include "judge/trial/correctness.h"

#include <algorithm>
#include <cmath>

#include "judge/trial/fresh_inputs.h"
#include "judge/trial/reasons.h"
#include "judge/trial/sampling_check.h"
#include "judge/trial/trial.h"

namespace fib::judge {
namespace {

using registry::Status;

const MemoryState kAsRecorded;

/// NaN counts as larger than everything.
double larger(double a, double b) {
  return std::isnan(a) || std::isnan(b) ? std::nan("") : std::max(a, b);
}

}  // namespace

void Correctness::phase(const std::string& name) {
  progress_.phase(std::string(kCandidatePhase) + ", " + name);
}

bool Correctness::fail(const std::string& reason, const std::string& detail,
                       registry::Status status) {
  result_.status = status;
  result_.reason = reason;
  result_.detail = detail;
  return false;
}

void Correctness::take_errors(const Verdict& verdict) {
  for (const auto& [name, output] : verdict.outputs) {
    result_.max_absolute_error = larger(result_.max_absolute_error, output.max_absolute);
    result_.max_relative_error = larger(result_.max_relative_error, output.max_relative);
    result_.matched_ratio = std::min(result_.matched_ratio, output.matched_ratio());
    if (!output.passed && !result_.first_wrong)
      result_.first_wrong = FirstWrong{name, output.index, output.expected, output.got};
  }
}

bool Correctness::add(const std::string& name, const Verdict& verdict, const std::string& note) {
  take_errors(verdict);
  CheckResult check{name, verdict.passed(), note};
  if (!verdict.passed()) check.detail = verdict.reason + ": " + verdict.detail;
  result_.checks.push_back(check);
  return verdict.passed();
}

bool Correctness::check_recorded() {
  const bool steady = study_.deterministic;
  phase("recorded inputs");
  const RunOutcome recorded = runner_.candidate(kAsRecorded, 0);
  for (std::uint32_t pattern = 0; pattern < 2; ++pattern) {
    from_[pattern].clear();
    study_.fill(memory_, from_[pattern], request_.seed, pattern);
  }
  phase("poison");
  // The first two begin with the very same memory, workspace included.
  const RunOutcome runs[3] = {runner_.candidate(from_[0], 2), runner_.candidate(from_[0], 2),
                              runner_.candidate(from_[1], 3)};
  const ComparedRun first{kAsRecorded, study_.recorded, steady ? nullptr : &study_.recorded_again,
                          recorded, true};
  const JudgedRun judged{&first, judge_.judge(first)};
  const Verdict verdicts[3] = {
      judged.verdict,
      judge_.judge({from_[0], study_.poison[0], steady ? nullptr : &study_.poison[1], runs[0], true,
                    &judged}),
      judge_.judge({from_[1], study_.poison[1], steady ? nullptr : &study_.poison[0], runs[2], true,
                    &judged})};
  static constexpr const char* kNames[3] = {"recorded inputs", "poison A", "poison B"};
  for (int i = 0; i < 3; ++i) add(kNames[i], verdicts[i]);

  const auto passed = [](const Verdict& verdict) { return verdict.passed(); };
  if (!std::ranges::all_of(verdicts, passed))
    if (const auto other = judge_.misread(
            {kAsRecorded, study_.recorded, steady ? nullptr : &study_.recorded_again, recorded}))
      return other->is_dtype ? fail(reasons::kWrongDType, other->detail, Status::IncorrectDType)
                             : fail(reasons::kWrongShape, other->detail, Status::IncorrectShape);
  return conclude(verdicts, runs);
}

bool Correctness::conclude(const Verdict (&verdicts)[3], const RunOutcome (&runs)[3]) {
  for (const Verdict& verdict : verdicts)  // what it does to memory that is not its own
    if (!verdict.passed() && verdict.outputs.empty()) return fail(verdict.reason, verdict.detail);
  const Verdict left = judge_.left_alone(from_, runs[0], runs[2]);
  if (!add("writes all outputs", left)) return fail(left.reason, left.detail);
  std::string note;
  if (!check_repeated(runs, note)) return false;
  for (const Verdict& verdict : verdicts) {
    if (verdict.passed()) continue;
    // It may have written in one of the runs only.
    for (int i = 0; i < 3; ++i)
      if (const Verdict once = judge_.left_alone_once(from_[i / 2], study_.poison[i / 2], runs[i]);
          !once.passed())
        return fail(once.reason, once.detail);
    return fail(verdict.reason, verdict.detail);
  }
  return true;
}

/// Whether what was in outputs and workspace shows in the results. Two runs from the same memory
/// may differ as well, so it has to happen every time.
bool Correctness::check_repeated(const RunOutcome (&runs)[3], std::string& note) {
  const auto differ = [&](const RunOutcome& a, const RunOutcome& b) {
    return judge_.output_differences(a.state, b.state);
  };
  bool repeats = differ(runs[0], runs[1]) == 0;
  const std::uint64_t by_pattern = differ(runs[0], runs[2]);
  if (by_pattern != 0 && repeats) {
    phase("poison, again");
    repeats = differ(runs[0], runner_.candidate(from_[0], 2)) == 0 &&
              differ(runs[2], runner_.candidate(from_[1], 3)) == 0;
  }
  Verdict verdict;
  if (!repeats)
    note = std::string(reasons::kNondeterministic) + ": runs from the same memory differ";
  else if (by_pattern != 0 && study_.deterministic)
    verdict = {reasons::kUninitialised,
               std::to_string(by_pattern) +
                   " bytes of its outputs depend on what outputs or workspace held before",
               {}};
  if (!add("same inputs, same outputs", verdict, note)) return fail(verdict.reason, verdict.detail);
  return true;
}

bool Correctness::check_distribution(Subject& subject) {
  if (candidate_.definition().op_type != "sampling") return true;
  phase("distribution");
  const auto found = judge::check_distribution(candidate_, subject, memory_, facts_, request_.seed);
  if (!found) return true;
  result_.checks.push_back({"distribution", found->passed, found->detail});
  return found->passed || fail(found->reason, found->detail);
}

bool Correctness::check_variant(const std::string& name, std::uint64_t seed, const char* reason) {
  const std::size_t variant = next_variant_++ % variants_->count();
  inputs_.clear();
  variants_->put_inputs(variant, memory_, inputs_);
  variants_->select(variant);
  const Verdict verdict = run_fresh(name, seed);
  variants_->select(0);
  if (add(name, verdict, variants_->note(variant))) return true;
  return fail(reason, name + ": " + verdict.reason + ": " + verdict.detail);
}

bool Correctness::check_fresh(const std::string& name, std::uint64_t seed, const char* reason) {
  if (variants_ != nullptr) return check_variant(name, seed, reason);
  const Change how = few_next_ ? Change::Few : is_sampling_ ? Change::Shuffle : Change::Redraw;
  // A few values may happen to be those that somebody looks at.
  const std::uint64_t rounds = few_next_ ? 3 : 1;
  std::vector<std::string> names;
  Verdict verdict;
  for (std::uint64_t round = 0; round < rounds && verdict.passed(); ++round) {
    names = freshen(memory_, facts_, how, seed * rounds + round, inputs_);
    verdict = run_fresh(name, seed);
  }
  std::string note = names.empty() ? "no input can be changed"
                     : few_next_   ? "a few other values in"
                                   : "other values in";
  for (const std::string& changed : names) note += ' ' + changed;
  few_next_ = !few_next_;
  if (add(name, verdict, note)) return true;
  return fail(reason, name + ": " + verdict.reason + ": " + verdict.detail);
}

Verdict Correctness::run_fresh(const std::string& name, std::uint64_t seed) {
  MemoryState from = inputs_;
  const std::uint32_t pattern = static_cast<std::uint32_t>(seed % 2) + 4;
  study_.fill(memory_, from, seed, pattern);
  progress_.phase("incumbent, " + name);
  const RunOutcome expected = runner_.incumbent(from);
  RunOutcome again;
  if (!study_.deterministic) again = runner_.incumbent(from);
  phase(name);
  const RunOutcome got = runner_.candidate(from, pattern);
  return judge_.judge(
      {from, expected.state, study_.deterministic ? nullptr : &again.state, got, false});
}

}  // namespace fib::judge
