// SPDX-License-Identifier: Apache-2.0
#include "judge/cases/make_cases.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "judge/cases/case_store.h"
#include "judge/cases/identity.h"
#include "replayer/plan.h"

namespace fib::judge {
namespace {

/// Launches of a class that are tried, one after the other, until one can be extracted.
constexpr std::size_t kMostTried = 4;

/// A case on its way.
struct Pending {
  const LaunchClass* of = nullptr;
  ChosenLaunch chosen;
  std::size_t tried = 0;  ///< launches of the class
  Case subject;
  std::filesystem::path place;
  std::string problem;
};

double median(std::vector<double> values) {
  if (values.empty()) return -1;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Bytes of memory whose content an extract holds.
std::uint64_t bytes_of(const std::filesystem::path& extract) {
  const trace::Capture capture = trace::open_capture(extract);
  const auto plan = replayer::read_plan(capture.processes.front(), 0);
  std::uint64_t bytes = 0;
  for (const replayer::RegionPlan& region : plan->regions)
    for (std::uint32_t page = 0; page < region.pages; ++page)
      if (plan->state[region.first_page + page]) bytes += region.page_bytes(page);
  return bytes;
}

class CaseMaker {
 public:
  CaseMaker(const trace::Capture& capture, const CaseOptions& options)
      : capture_(capture), options_(options), store_(options.root) {}

  void add(const LaunchClass& of, const ChosenLaunch& chosen) {
    Pending pending;
    pending.of = &of;
    pending.chosen = chosen;
    describe(pending);
    if (auto found = store_.find(pending.subject)) {
      found->tensor_bytes = of.bytes;
      set_.cases.push_back(std::move(*found));
    } else {
      pending_.push_back(std::move(pending));
    }
  }

  CaseSet make() {
    const auto lease = options_.lease && !pending_.empty() ? options_.lease() : nullptr;
    // One pass for each window; what fails there tries another launch of its class in the next.
    for (std::vector<Pending*> todo = all(); !todo.empty();) {
      std::map<std::pair<std::string, std::uint32_t>, std::vector<Pending*>> by_window;
      for (Pending* pending : todo)
        by_window[{pending->subject.process, pending->subject.window}].push_back(pending);
      todo.clear();
      for (const auto& [window, group] : by_window) {
        extract({capture_.directory, window.first, window.second}, group);
        for (Pending* pending : group)
          if (!pending->problem.empty() && next(*pending)) todo.push_back(pending);
      }
    }
    finish();
    return std::move(set_);
  }

  CaseSet& set() { return set_; }

 private:
  void say(const std::string& text) const {
    if (options_.say) options_.say(text);
  }

  /// The case that the class gives with the launch that is its turn.
  void describe(Pending& to) const {
    const LaunchClass& of = *to.of;
    const WindowLaunches& window = of.windows[to.chosen.window];
    Case& subject = to.subject;
    subject.definition = of.definition;
    subject.binding = of.binding;
    subject.kernel = of.kernel;
    subject.axes = of.axes;
    subject.count = to.chosen.count;
    subject.tensor_bytes = of.bytes;
    subject.role = to.chosen.role;
    subject.gpu = of.gpu;
    subject.capture = std::filesystem::absolute(capture_.directory / ".").parent_path().filename();
    subject.process = window.process;
    subject.window = window.window;
    subject.launch = window.launches[to.chosen.launch];
    subject.id = case_id(subject);
  }

  std::vector<Pending*> all() {
    std::vector<Pending*> result;
    for (Pending& pending : pending_) result.push_back(&pending);
    return result;
  }

  /// Whether there is another launch to try.
  bool next(Pending& pending) const {
    store_.abandon(pending.place);
    ChosenLaunch& chosen = pending.chosen;
    if (++pending.tried >= kMostTried) return false;
    if (++chosen.launch >= pending.of->windows[chosen.window].launches.size()) {
      chosen.launch = 0;
      if (++chosen.window >= pending.of->windows.size()) return false;
    }
    describe(pending);
    return true;
  }

  void extract(const replayer::ReplayTarget& window, const std::vector<Pending*>& group) {
    say("extracting " + std::to_string(group.size()) + " launches of " + window.process +
        ", window " + std::to_string(window.window));
    std::vector<Extraction> extractions;
    for (Pending* pending : group) {
      pending->place = store_.begin(pending->subject);
      extractions.push_back({pending->subject.launch, pending->place / "capture", {}, true});
    }
    extract_and_verify(window, extractions, options_.replay);
    for (std::size_t i = 0; i < group.size(); ++i) group[i]->problem = extractions[i].problem;
  }

  void finish() {
    measure();
    for (Pending& pending : pending_) {
      if (!pending.problem.empty()) {
        set_.notes.push_back("no case of " + pending.subject.definition + ": " + pending.problem);
        continue;
      }
      pending.subject.extract_bytes = bytes_of(pending.place / "capture");
      set_.cases.push_back(store_.publish(pending.subject, pending.place));
      ++set_.made;
    }
    std::ranges::stable_sort(set_.cases, [](const Case& a, const Case& b) {
      return std::tie(a.definition, a.axes) < std::tie(b.definition, b.axes);
    });
  }

  /// What each class costs within its window.
  void measure() {
    std::map<std::pair<std::string, std::uint32_t>, std::vector<Pending*>> by_window;
    for (Pending& pending : pending_)
      if (pending.problem.empty())
        by_window[{pending.subject.process, pending.subject.window}].push_back(&pending);
    for (const auto& [window, group] : by_window) {
      say("measuring " + window.first + ", window " + std::to_string(window.second));
      std::string source;
      const auto times =
          launch_times({capture_.directory, window.first, window.second}, options_.replay, source);
      if (times.empty())
        set_.notes.push_back("the launches' times within window " + std::to_string(window.second) +
                             " are not known: " + source);
      for (Pending* pending : group) pending->subject.replayed_ns = median_of(*pending, times);
    }
  }

  static double median_of(const Pending& pending, const std::map<std::uint64_t, double>& times) {
    std::vector<double> values;
    for (const std::uint64_t launch : pending.of->windows[pending.chosen.window].launches)
      if (const auto found = times.find(launch); found != times.end())
        values.push_back(found->second);
    return median(std::move(values));
  }

  const trace::Capture& capture_;
  const CaseOptions& options_;
  CaseStore store_;
  std::vector<Pending> pending_;
  CaseSet set_;
};

/// What no case can stand for.
void note_unseen(const Survey& survey, CaseSet& to) {
  std::map<std::string, std::pair<std::size_t, std::uint64_t>> unseen;
  for (const LaunchClass& of : survey.classes) {
    if (!of.windows.empty()) continue;
    auto& [classes, launches] = unseen[of.definition];
    ++classes;
    launches += of.count;
  }
  for (const auto& [definition, counts] : unseen)
    to.notes.push_back(definition + ": " + std::to_string(counts.first) + " classes with " +
                       std::to_string(counts.second) +
                       " launches are in no window, and can't be judged; record a longer one");
}

}  // namespace

CaseSet make_cases(const trace::Capture& capture, const match::MatchTable& table,
                   const CaseOptions& options) {
  if (options.say) options.say("reading the launches");
  const Survey survey = survey_launches(capture, table, options.wanted);
  CaseMaker maker(capture, options);
  for (const ChosenLaunch& chosen : options.choose(survey.classes))
    maker.add(survey.classes[chosen.index], chosen);
  maker.set().notes = survey.notes;
  note_unseen(survey, maker.set());
  return maker.make();
}

}  // namespace fib::judge
