// SPDX-License-Identifier: Apache-2.0
#include "judge/trial/subject.h"

#include "driver/check.h"
#include "replayer/engine.h"
#include "replayer/error.h"
#include "replayer/store_check.h"

namespace fib::judge {
namespace {

using replayer::LaunchPlan;
using replayer::Refusal;

/// Names our stream where the extract names the null stream, which can't be captured.
constexpr std::uint64_t kStream = 0x7269616c;

/// The only operation of the window that does anything.
std::size_t only_launch(const replayer::Plan& plan, const std::filesystem::path& path) {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < plan.operations.size(); ++i) {
    const bool is_launch = std::holds_alternative<LaunchPlan>(plan.operations[i].what);
    if (!is_launch || found || plan.operations[i].is_effect())
      throw Refusal(path.string() + " is not one launch; make it with fib extract");
    found = i;
  }
  if (!found) throw Refusal(path.string() + " has no launch; make it with fib extract");
  return *found;
}

}  // namespace

Subject::Subject(const TrialRequest& request, replayer::Progress& progress) : progress_(progress) {
  const std::filesystem::path path = request.subject.extract();
  capture_ = trace::open_capture(path);
  const replayer::ReplayTarget target{path, "", 0};
  plan_ = replayer::read_plan(replayer::choose_process(capture_, target), 0);
  operation_ = only_launch(*plan_, path);
  std::get<LaunchPlan>(plan_->operations[operation_].what).fixed.stream = kStream;
  for (const replayer::DevicePlan& device : plan_->devices)
    options_.device_map[device.fixed.ordinal] = request.device;
  options_.gpu_times = false;
}

Subject::Subject(const TrialRequest& request, replayer::Progress& progress,
                 WorkloadLaunch& workload)
    : progress_(progress), workload_(&workload) {
  capture_.directory = request.subject.extract();  // there is none, and nothing is looked for in it
  options_.device_map[0] = request.device;
  options_.gpu_times = false;
}

const LaunchPlan& Subject::launch() const {
  return std::get<LaunchPlan>(plan_->operations[operation_].what);
}

const replayer::KernelPlan& Subject::kernel_plan() const {
  return plan_->kernels.at(launch().fixed.kernel);
}

CUdevice Subject::device() const { return machine_->contexts.device_of(context_); }

void Subject::open_driver(const std::function<void()>& before) {
  before();
  const char* error = nullptr;
  if (!driver::load_driver(api_, error))
    throw Refusal(std::string("there is no CUDA driver here: ") + error);
}

/// Where the driver would put as much by itself: nothing else is there.
void Subject::place_workload() {
  using replayer::kCell;
  const std::uint64_t bytes = (workload_->bytes() / kCell + 2) * kCell;
  FIB_DRIVER_CHECK(api_, cuInit(0));
  CUdeviceptr there = 0;
  FIB_DRIVER_CHECK(api_, cuMemAddressReserve(&there, bytes, 0, 0, 0));
  FIB_DRIVER_CHECK(api_, cuMemAddressFree(there, bytes));
  workload_->place((there + kCell - 1) / kCell * kCell);
  plan_ = workload_->plan();
}

void Subject::open(const std::function<void()>& before) {
  if (workload_ != nullptr) {
    open_driver(before);
    place_workload();
  }
  launches_.emplace(*plan_);
  machine_.emplace(api_, capture_, *plan_, options_, progress_);
  if (workload_ != nullptr) workload_->remember(machine_->contents);
  machine_->open([&] {
    if (workload_ == nullptr) open_driver(before);
  });
  replayer::check_contents(*machine_, false);
  machine_->restore();
  const std::uint64_t context = workload_ == nullptr ? launch().fixed.context : 0;
  machine_->streams.create(kStream, CU_STREAM_NON_BLOCKING, 0, context);
  stream_ = machine_->streams.enter(kStream, 0, context);
  context_ = machine_->contexts.find(context);
  if (workload_ == nullptr) find_kernel();
}

void Subject::find_kernel() {
  const replayer::LoadedKernel& kernel = machine_->code.kernel(launch().fixed.kernel, context_);
  if (!kernel.problem.empty())
    throw Refusal(kernel_plan().name + " can't be launched: " + kernel.problem);
  function_ = kernel.function;
  std::vector<std::byte> bytes = launch().params;
  machine_->memory.rebase_words(bytes);
  params_.emplace(kernel_plan(), std::move(bytes));
  attributes_ =
      replayer::launch_attributes(launch().attributes, machine_->events, machine_->deviations);
  executor_.emplace(*machine_, *launches_);
}

void Subject::launch_incumbent() {
  if (workload_ != nullptr) {
    const CUresult rc = stand_in_->launch();
    if (rc != CUDA_SUCCESS) throw driver::DriverError(rc, "the launch of the reference");
    return;
  }
  const replayer::Outcome outcome = executor_->issue(operation_);
  if (!outcome.ran) throw Refusal(kernel_plan().name + " can't be launched: " + outcome.problem);
}

std::vector<std::string> Subject::incumbent_kernels() const {
  return workload_ != nullptr ? stand_in_->kernels() : std::vector{kernel_plan().name};
}

void Subject::wait() {
  machine_->contexts.enter(context_);
  FIB_DRIVER_CHECK(api_, cuStreamSynchronize(stream_));
  FIB_DRIVER_CHECK(api_, cuCtxSynchronize());
  progress_.beat();
}

std::optional<std::size_t> Subject::differences_from_recording() {
  if (!plan_->window.digests) return std::nullopt;
  machine_->table.pass_end();
  std::size_t pages = 0;
  // The engine may have written host memory itself meanwhile.
  for (const replayer::PageDifference& page : machine_->table.compare(nullptr))
    if (!plan_->region_of(page.page).on_host()) ++pages;
  return pages;
}

}  // namespace fib::judge
