// SPDX-License-Identifier: Apache-2.0
#include "judge/cases/survey.h"

#include <tuple>

#include "judge/cases/bound_launch.h"
#include "replayer/error.h"
#include "trace/reader.h"

namespace fib::judge {
namespace {

using launches::LaunchForm;
using launches::ProcessLaunches;

/// The windows that begin in a log.
class WindowNumbers : public trace::Visitor {
 public:
  void on_window(const trace::Window& window) override {
    if (window.fixed.phase == static_cast<std::uint16_t>(trace::WindowPhase::Begin))
      numbers.push_back(window.fixed.window);
  }
  std::vector<std::uint32_t> numbers;
};

class Surveyor {
 public:
  Surveyor(const trace::Capture& capture, const match::MatchTable& table,
           const std::function<bool(const std::string&)>& wanted)
      : rules_(capture, table), table_(table), wanted_(wanted) {}

  void add(const trace::ProcessLog& log) {
    ProcessLaunches process;
    const bool readable = launches::read_launches(
        log, [this](const std::string& kernel) { return rules_.names(kernel); }, process);
    if (!process.problem.empty()) survey_.notes.push_back(process.problem);
    if (!readable) return;
    rules_.enter();
    for (const LaunchForm& form : process.forms)
      if (LaunchClass* found = class_of(process, form)) found->count += form.count();
    WindowNumbers windows;
    (void)trace::read_log_file(log.log, windows);
    for (const std::uint32_t window : windows.numbers) add_window(log, window, process);
  }

  Survey finish() {
    for (auto& [key, found] : classes_) survey_.classes.push_back(std::move(found));
    return std::move(survey_);
  }

 private:
  using Key = std::tuple<std::string, std::string, std::map<std::string, std::int64_t>>;

  /// The launch's class, null if no binding describes it.
  LaunchClass* class_of(const ProcessLaunches& process, const LaunchForm& form) {
    const BoundLaunch launch = bind_launch(table_, rules_, process, form);
    if (!launch.rule.bound) return nullptr;
    const match::CompiledRule& rule = table_.rule(launch.rule.rule);
    const match::CompiledDefinition& definition = table_.definition(rule.definition);
    if (wanted_ && !wanted_(definition.spec.name)) return nullptr;
    std::map<std::string, std::int64_t> axes;
    for (const std::uint8_t slot : rule.key_axes)
      axes[definition.spec.axes[slot].name] = launch.bound.axes[slot];
    const auto [place, fresh] =
        classes_.try_emplace(Key{definition.spec.name, rule.name, std::move(axes)});
    if (fresh) describe(place->first, process, form, launch, place->second);
    return &place->second;
  }

  void describe(const Key& key, const ProcessLaunches& process, const LaunchForm& form,
                const BoundLaunch& launch, LaunchClass& to) const {
    std::tie(to.definition, to.binding, to.axes) = key;
    for (const auto& [name, value] : to.axes) to.size *= static_cast<double>(value);
    const launches::LaunchedKernel& kernel = process.kernels.at(form.kernel);
    to.kernel = kernel.name;
    if (const ProcessLaunches::Device* device = process.device_of(form)) to.gpu = device->name;
    const match::CompiledRule& rule = table_.rule(launch.rule.rule);
    const match::LaunchView view = form.view(kernel);
    for (const match::CompiledTensor& tensor : rule.tensors) {
      const match::TensorShape& shape = table_.definition(rule.definition).tensors[tensor.slot];
      if (shape.is_scalar) continue;
      const std::uint64_t bytes = table_.tensor_bytes(launch.rule.rule, tensor, view, launch.bound);
      to.bytes += bytes;
      if (!shape.is_output) to.input_bytes += bytes;
    }
  }

  void add_window(const trace::ProcessLog& log, std::uint32_t window,
                  const ProcessLaunches& process) try {
    const auto plan = replayer::read_plan(log, window);
    const replayer::LaunchTable launches(*plan);
    for (const replayer::LaunchResult& launch : launches.all()) {
      if (plan->operations[launch.operation].is_effect()) continue;  // it can't run alone
      if (LaunchClass* found = class_of(process, form_of(*plan, launch)))
        add(*found, log.name, window, launch.number);
    }
  } catch (const replayer::Refusal& refusal) {
    survey_.notes.push_back(log.name + ", window " + std::to_string(window) + ": " +
                            refusal.what());
  }

  static void add(LaunchClass& to, const std::string& process, std::uint32_t window,
                  std::uint64_t number) {
    const bool same = !to.windows.empty() && to.windows.back().process == process &&
                      to.windows.back().window == window;
    if (!same) to.windows.push_back({process, window, {}});
    to.windows.back().launches.push_back(number);
  }

  launches::RuleFinder rules_;
  const match::MatchTable& table_;
  const std::function<bool(const std::string&)>& wanted_;
  std::map<Key, LaunchClass> classes_;
  Survey survey_;
};

}  // namespace

Survey survey_launches(const trace::Capture& capture, const match::MatchTable& table,
                       const std::function<bool(const std::string&)>& wanted) {
  Surveyor surveyor(capture, table, wanted);
  for (const trace::ProcessLog& log : capture.processes) surveyor.add(log);
  return surveyor.finish();
}

}  // namespace fib::judge
