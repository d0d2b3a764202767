// SPDX-License-Identifier: Apache-2.0
#include "judge/trial/candidate.h"

#include <cxxabi.h>

#include <cstdlib>

#include "dispatch/options.h"
#include "dispatch/source/code_reader.h"
#include "registry/bindings/launch_block.h"
#include "registry/code/device_code.h"
#include "registry/store/error.h"
#include "trace/mapped_file.h"

namespace fib::judge {
namespace {

using State = Candidate::State;

std::string first_error(const registry::Findings& findings, const std::string& instead) {
  for (const registry::Finding& finding : findings.list())
    if (finding.level == registry::Level::Error) return finding.file + ": " + finding.message;
  return instead;
}

/// The launch as a hook sees it.
driver::LaunchCall call_of(Subject& subject) {
  driver::LaunchCall call{};
  call.api = driver::Api::cuLaunchKernelEx;
  call.stream = subject.stream();
  // A Workload's launch has no geometry: who asks for one gets an impossible one.
  if (subject.workload() != nullptr) return call;
  const trace::LaunchRecord& r = subject.launch().fixed;
  const bool extra = (subject.launch().flags & trace::kLaunchExtra) != 0;
  call.function = subject.function();
  for (int i = 0; i < 3; ++i) {
    call.grid[i] = r.grid[i];
    call.block[i] = r.block[i];
  }
  call.shared_bytes = r.shared_bytes;
  call.params = extra ? nullptr : subject.params().params();
  call.extra = extra ? subject.params().extra() : nullptr;
  call.attributes = subject.attributes().data();
  call.attribute_count = static_cast<unsigned>(subject.attributes().size());
  return call;
}

}  // namespace

Candidate::Candidate(const TrialRequest& request)
    : request_(request), registry_(registry::Registry::open(request.registry)) {
  solution_ = registry_.solution(request.solution);
  if (solution_ == nullptr)
    throw registry::RegistryError(request.registry.string() + " has no Solution " +
                                  request.solution + "; fib registry list shows what it has");
  definition_ = registry_.definition(solution_->record.definition);
  if (definition_ == nullptr)
    throw registry::RegistryError(solution_->file + ": its Definition " +
                                  solution_->record.definition + " is not in " +
                                  request.registry.string());
}

match::TableSpec Candidate::table_spec(const WorkloadLaunch* workload,
                                       registry::Findings& findings) {
  const registry::Bindings bindings = registry::load_bindings(registry_);
  policy_ = bindings.policies.of(definition().name).match;
  if (workload == nullptr) return registry::table_spec(registry_, bindings, findings);
  match::TableSpec spec;
  spec.definitions = {registry::to_spec(definition())};
  spec.rules = {workload->rule()};
  if (auto candidate = registry::to_spec(*solution_, findings))
    spec.candidates.push_back(std::move(*candidate));
  return spec;
}

std::unique_ptr<const match::MatchTable> Candidate::table(const WorkloadLaunch* workload,
                                                          std::string& why) {
  const std::string& name = definition().name;
  registry::Findings findings;
  match::TableSpec spec = table_spec(workload, findings);
  const auto foreign = [&](const auto& item) { return item.definition != name; };
  std::erase_if(spec.definitions, [&](const auto& item) { return item.name != name; });
  std::erase_if(spec.rules, foreign);
  std::erase_if(spec.candidates, [&](const auto& item) { return item.name != request_.solution; });
  spec.measurements.clear();
  policy_.enabled = true;
  policy_.pin = request_.solution;
  spec.policies = {{name, policy_}};
  if (spec.candidates.empty()) {
    why = first_error(findings, solution_->file + ": has no launch block");
    return nullptr;
  }
  std::vector<match::Problem> problems;
  auto table = match::MatchTable::build(spec, problems);
  if (table->candidates() != 0) return table;
  why = problems.empty() ? solution_->file + ": can't be used" : problems.front().text();
  return nullptr;
}

std::unique_ptr<dispatch::Deployment> Candidate::deployment(const WorkloadLaunch* workload,
                                                            std::string& why) {
  auto made = std::make_unique<dispatch::Deployment>();
  made->origin = request_.registry.string();
  made->table = table(workload, why);
  if (made->table == nullptr) return nullptr;
  std::vector<std::string> roots;
  for (const auto& root : build::cache_roots(registry_.root(), request_.cache))
    roots.push_back(root.string());
  dispatch::SourceLines lines;
  dispatch::CodeReader reader(roots, contexts_->gpus(), lines);
  made->candidates.push_back(reader.read(made->table->candidate(0), solution()));
  return made;
}

State Candidate::load(Subject& subject, std::string& why) {
  static const dispatch::Options kOptions;
  contexts_ = std::make_unique<dispatch::Contexts>(subject.api());
  counters_ = std::make_unique<dispatch::Counters>(kOptions);
  images_ = std::make_unique<dispatch::ImageHashes>(subject.api());
  entries_ = std::make_unique<dispatch::KernelEntries>(subject.api(), *counters_, *images_);
  loader_ = std::make_unique<dispatch::CandidateLoader>(subject.api(), *contexts_, *counters_);
  if (!contexts_->discover() || !counters_->is_valid()) {
    why = "the driver does not tell its devices";
    return State::NotLoaded;
  }
  auto what = deployment(subject.workload(), why);
  if (what == nullptr)
    return registry::launch_of(solution()) == nullptr ? State::NotApplicable : State::NotLoaded;
  why = what->candidates.front().unusable;
  const bool is_built = why.empty();
  generation_ = std::make_unique<dispatch::Generation>(1, std::move(what), contexts_->gpus());
  if (!is_built) return State::NotBuilt;
  loader_->load(*generation_);
  loader_->load_into(subject.context(), *generation_);
  if (generation_->readiness(0) == dispatch::Readiness::Ready) return State::Ready;
  why = generation_->counters(0).why;
  return State::NotLoaded;
}

match::KernelRules Candidate::rules(Subject& subject, const dispatch::KernelEntry& entry) const {
  const match::MatchTable& table = generation_->table();
  match::KernelIdentity kernel;
  kernel.name = entry.name.c_str();
  if (entry.layout_known) kernel.layout = entry.layout;
  std::unique_ptr<char, void (*)(void*)> demangled(nullptr, std::free);
  int status = 0;
  if (table.needs_demangled())
    demangled.reset(abi::__cxa_demangle(kernel.name, nullptr, nullptr, &status));
  kernel.demangled = demangled.get();
  if (!dispatch::needs_code(table)) return table.resolve(kernel);
  const auto load = subject.machine().plan.loads.find(subject.kernel_plan().fixed.load);
  if (load == subject.machine().plan.loads.end()) return table.resolve(kernel);
  const auto& images = load->second.images;
  if (const auto first = images.find(0); first != images.end()) {
    kernel.image.emplace();
    std::copy_n(first->second.hash, kernel.image->size(), kernel.image->begin());
    const trace::MappedFile file(trace::image_path(subject.capture(), first->second.hash));
    const dispatch::Gpu& gpu = generation_->gpu(contexts_->gpu_of(subject.device()));
    kernel.code =
        code::code_hash(file.bytes(), entry.name,
                        {static_cast<int>(gpu.arch / 10), static_cast<int>(gpu.arch % 10)});
  }
  return table.resolve(kernel);
}

State Candidate::prepare(Subject& subject, std::string& why) {
  subject_ = &subject;
  if (subject.workload() != nullptr) {
    no_kernel_ = std::make_unique<dispatch::KernelEntry>();
    no_kernel_->name = WorkloadLaunch::kKernel;
    no_kernel_->layout_known = true;
  }
  const State loaded = load(subject, why);
  if (generation_ == nullptr) return loaded;
  // One that is not built, but would never be launched here either, has no result here.
  std::string against;
  if (loaded == State::Ready) return decide(subject, why);
  return decide(subject, against) == State::NotApplicable ? (why = against, State::NotApplicable)
                                                          : loaded;
}

State Candidate::decide(Subject& subject, std::string& why) {
  prepared_ = std::make_unique<dispatch::PreparedLaunch>();
  prepared_->generation = generation_.get();
  prepared_->entry = no_kernel_ ? no_kernel_.get() : entries_->find(subject.function());
  prepared_->gpu = contexts_->gpu_of(subject.device());
  if (prepared_->entry == nullptr || prepared_->gpu == dispatch::Contexts::kNoGpu) {
    why = "the driver does not tell what the engine's kernel is";
    return State::NotApplicable;
  }
  const driver::LaunchCall call = call_of(subject);
  dispatch::make_view(call, *prepared_->entry, prepared_->view);
  prepared_->decision = generation_->table().lookup(
      rules(subject, *prepared_->entry), generation_->model(prepared_->gpu), prepared_->view,
      generation_->demotions(), prepared_->bound);
  if (!prepared_->decision.hit()) {
    const match::Reason reason = prepared_->decision.reason;
    why = std::string(match::to_string(reason)) + ": " + match::describe(reason);
    return State::NotApplicable;
  }
  return make_ready(call, subject, why);
}

State Candidate::make_ready(const driver::LaunchCall& call, Subject& subject, std::string& why) {
  const auto against = [&](match::Reason reason) {
    why = std::string(match::to_string(reason)) + ": " + match::describe(reason);
    return State::NotApplicable;
  };
  if (!dispatch::carry_attributes(call, *prepared_)) return against(match::Reason::LaunchAttribute);
  if (dispatch::overwrites_inputs(*prepared_)) return against(match::Reason::Aliasing);
  std::uint64_t bytes = 0;
  const match::LaunchFailure failure = generation_->table().workspace_bytes(
      prepared_->decision.candidate, prepared_->view, prepared_->bound, bytes);
  if (failure != match::LaunchFailure::None) return against(match::Reason::ArgumentFailed);
  prepared_->workspace = 0;
  if (bytes != 0) {
    subject.machine().contexts.enter(subject.context());
    workspace_ = std::make_unique<GuardedMemory>(subject.api(), subject.device(), bytes);
    prepared_->workspace = workspace_->address();
  }
  if (dispatch::prepare(*prepared_) != match::LaunchFailure::None)
    return against(match::Reason::ArgumentFailed);
  return State::Ready;
}

std::vector<std::string> Candidate::kernel_names() const {
  std::vector<std::string> names;
  const auto& kernels =
      generation_->table().candidate(prepared_->decision.candidate).launch.kernels;
  for (const auto& kernel : kernels) names.push_back(kernel.entry);
  return names;
}

CUresult Candidate::launch() noexcept {
  std::size_t launched = 0;
  return dispatch::issue(subject_->api(), *prepared_, subject_->stream(), launched);
}

bool Candidate::set_scalar(const std::string& name, std::int64_t value) {
  const match::MatchTable& table = generation_->table();
  const auto slot =
      table.definition(table.candidate(prepared_->decision.candidate).definition).tensor(name);
  if (!slot) return false;
  std::int64_t& bound = prepared_->bound.values[*slot];
  scalars_.try_emplace(*slot, bound);
  bound = value;
  return dispatch::prepare(*prepared_) == match::LaunchFailure::None;
}

void Candidate::reset_scalars() {
  for (const auto& [slot, value] : scalars_) prepared_->bound.values[slot] = value;
  scalars_.clear();
  (void)dispatch::prepare(*prepared_);  // as it was when it could be launched
}

void Candidate::poison_workspace(std::uint64_t seed, std::uint32_t pattern) {
  if (workspace_) workspace_->fill(seed, pattern);
}

std::string Candidate::strayed_from_workspace() {
  return workspace_ ? workspace_->strayed() : std::string();
}

}  // namespace fib::judge
