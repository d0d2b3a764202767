// SPDX-License-Identifier: Apache-2.0
#include "judge/trial/device_state.h"

#include <algorithm>

#include "driver/check.h"
#include "judge/trial/fresh_inputs.h"

namespace fib::judge {
namespace {

using replayer::Range;

/// As the largest loads of a kernel; a multiple of every element.
constexpr std::uint64_t kStep = 16;
/// Changed bytes that lie closer together are put back in one copy; further ones, too, if there
/// would be more than so many copies.
constexpr std::uint64_t kNear = 64;
constexpr std::size_t kMostCopies = 64;
constexpr std::uint64_t kFurthest = std::uint64_t{1} << 30;
/// To turn more takes longer than it is worth.
constexpr std::uint64_t kLargestTurned = std::uint64_t{1} << 28;

Range range_of(const LaunchTensor& tensor) { return {tensor.address, tensor.end()}; }

/// Of a kept output: whole pages, which can be hashed.
std::uint64_t room_for(const Range& output) {
  return (output.bytes() + trace::kPageBytes - 1) / trace::kPageBytes * trace::kPageBytes;
}

/// Without gaps that are smaller, where the gap is memory of the engine's, too.
std::vector<Range> joined_over(const TrialMemory& memory, const std::vector<Range>& ranges,
                               std::uint64_t gap) {
  std::vector<Range> joined;
  for (const Range& range : ranges) {
    const bool is_near = !joined.empty() && range.begin - joined.back().end < gap &&
                         memory.bytes_from(joined.back().end - 1) > range.begin - joined.back().end;
    if (is_near)
      joined.back().end = range.end;
    else
      joined.push_back(range);
  }
  return joined;
}

std::uint64_t l2_bytes(const driver::DriverApi& api, CUdevice device) {
  int bytes = 0;
  FIB_DRIVER_CHECK(api, cuDeviceGetAttribute(&bytes, CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE, device));
  return static_cast<std::uint64_t>(std::max(bytes, 1 << 20));
}

}  // namespace

DeviceState::DeviceState(const TimedTrial& trial, std::uint64_t seed)
    : api_(trial.subject.api()), stream_(trial.subject.stream()) {
  trial.subject.machine().contexts.enter(trial.subject.context());
  flush_bytes_ = 2 * l2_bytes(api_, trial.subject.device());
  if (const CUresult rc = allocate(flush_, flush_bytes_); rc != CUDA_SUCCESS)
    throw driver::DriverError(
        rc, "no memory to flush the L2 cache with: " + replayer::result_name(api_, rc));
  plan(trial);
  MemoryState state;
  trial.study.fill(trial.memory, state, seed, 0);
  trial.memory.set(state);
  if (trial.variants != nullptr) {
    take_variants(trial);
    trial.memory.set(state);
  } else if (take(turned_) != CUDA_SUCCESS) {
    note_ = "inputs are the same for all launches: there is no memory for a second copy";
    turned_.clear();
  }
  make_room_for_outputs();
  if (const CUresult rc = take(reset_); rc != CUDA_SUCCESS)
    throw driver::DriverError(
        rc, "no memory for a copy of the outputs: " + replayer::result_name(api_, rc));
}

DeviceState::~DeviceState() {
  for (const CUdeviceptr address : allocated_) (void)api_.cuMemFree_v2(address);
}

CUresult DeviceState::allocate(CUdeviceptr& address, std::uint64_t bytes) {
  const CUresult rc = api_.cuMemAlloc_v2(&address, bytes);
  if (rc == CUDA_SUCCESS) allocated_.push_back(address);
  return rc;
}

void DeviceState::plan(const TimedTrial& trial) {
  std::vector<Range> data, fixed, outputs;
  for (const LaunchTensor& tensor : trial.facts.tensors) {
    if (trial.memory.bytes_from(tensor.address) < tensor.bytes) continue;
    if (tensor.is_output && tensor.bytes > kLargestCopied) continue;  // as a side effect
    if (tensor.is_output)
      outputs.push_back(range_of(tensor));
    else
      (is_data(tensor.layout.dtype) && tensor.is_dense() ? data : fixed)
          .push_back(range_of(tensor));
  }
  outputs = replayer::joined(std::move(outputs));
  fixed = replayer::joined(std::move(fixed));
  std::vector<Range> turned;
  for (const Range& range : replayer::joined(std::move(data))) {
    if (replayer::overlaps(fixed, range) || range.bytes() < 2 * kStep) continue;
    if (range.bytes() <= kLargestTurned)
      turned.push_back(range);
    else
      note_ = "inputs of more than 256 MiB are the same for all launches";
  }
  if (trial.variants == nullptr)  // else each has inputs whose outputs are known
    for (const Range& range : turned) turned_.push_back({range, 0});
  const std::vector<Range> others = side_effects(trial, outputs);
  has_side_effects_ = !others.empty();
  outputs_ = outputs;
  std::vector<Range> reset = outputs;
  reset.insert(reset.end(), others.begin(), others.end());
  for (const Range& range : replayer::cut(replayer::joined(std::move(reset)), turned, false))
    reset_.push_back({range, 0});
}

/// What the incumbent changes besides its outputs.
std::vector<Range> DeviceState::side_effects(const TimedTrial& trial,
                                             const std::vector<Range>& outputs) {
  std::vector<Range> found;
  for (const auto& [page, content] : trial.study.recorded) {
    const std::uint64_t begin = trial.memory.place(page).address;
    const std::vector<Range> parts =
        replayer::cut({{begin, begin + content->bytes().size()}}, outputs, false);
    if (parts.empty()) continue;
    const Bytes before = trial.memory.page({}, page), now = content->bytes();
    for (const Range& part : parts)
      for (std::uint64_t at = part.begin; at < part.end; ++at)
        if (now[at - begin] != before[at - begin]) {
          if (!found.empty() && found.back().end == at)
            found.back().end = at + 1;
          else
            found.push_back({at, at + 1});
        }
  }
  found = replayer::joined(std::move(found));
  for (std::uint64_t near = kNear;
       near == kNear || (found.size() > kMostCopies && near < kFurthest); near *= 16)
    found = joined_over(trial.memory, found, near);
  return replayer::cut(found, outputs, false);
}

void DeviceState::take_variants(const TimedTrial& trial) {
  const std::vector<Range> varying = trial.variants->varying();
  std::uint64_t bytes = 0;
  for (const Range& range : varying) bytes += range.bytes();
  bool taken = !varying.empty() && bytes <= kLargestTurned;
  // The last one stays unseen until after timing.
  const std::size_t count = std::max<std::size_t>(trial.variants->count() - 1, 1);
  for (std::size_t i = 0; i < count && taken; ++i) {
    MemoryState state;
    trial.variants->put_inputs(i, trial.memory, state);
    trial.memory.set(state);
    std::vector<Copy>& copies = variants_.emplace_back();
    for (const Range& range : varying) copies.push_back({range, 0});
    taken = take(copies) == CUDA_SUCCESS;
  }
  if (taken) return;
  variants_.clear();
  note_ = "inputs are the same for all launches: " +
          std::string(varying.empty() ? "there are no others"
                                      : "there is no memory for others, or they are too large");
}

CUresult DeviceState::take(std::vector<Copy>& copies) {
  for (Copy& copied : copies) {
    const CUresult rc = allocate(copied.snapshot, copied.range.bytes());
    if (rc != CUDA_SUCCESS) return rc;
    copy(copied.snapshot, copied.range.begin, copied.range.bytes());
  }
  FIB_DRIVER_CHECK(api_, cuStreamSynchronize(stream_));
  return CUDA_SUCCESS;
}

void DeviceState::copy(CUdeviceptr to, CUdeviceptr from, std::uint64_t bytes) {
  if (bytes != 0) FIB_DRIVER_CHECK(api_, cuMemcpyDtoDAsync_v2(to, from, bytes, stream_));
}

void DeviceState::prepare(std::uint64_t seed) {
  Random random(seed);
  if (!variants_.empty()) {
    variant_ = random.below(variants_.size());
    for (const Copy& input : variants_[variant_])
      copy(input.range.begin, input.snapshot, input.range.bytes());
  }
  for (const Copy& turned : turned_) {
    const std::uint64_t bytes = turned.range.bytes();
    const std::uint64_t by = kStep * random.below(bytes / kStep);
    copy(turned.range.begin, turned.snapshot + by, bytes - by);
    copy(turned.range.begin + bytes - by, turned.snapshot, by);
  }
  for (const Copy& reset : reset_) copy(reset.range.begin, reset.snapshot, reset.range.bytes());
}

void DeviceState::make_room_for_outputs() {
  for (const Range& output : outputs_) kept_bytes_ += room_for(output);
  for (CUdeviceptr& kept : kept_) {
    if (kept_bytes_ != 0 && allocate(kept, kept_bytes_) == CUDA_SUCCESS) {
      FIB_DRIVER_CHECK(api_, cuMemsetD8Async(kept, 0, kept_bytes_, stream_));
      continue;
    }
    kept_[0] = 0;
    if (kept_bytes_ != 0)
      note_ += std::string(note_.empty() ? "" : "; ") +
               "outputs of timed launches are not checked: there is no memory to keep them";
    return;
  }
}

void DeviceState::keep(Kept whose) {
  if (!keeps()) return;
  CUdeviceptr to = kept_[static_cast<std::size_t>(whose)];
  for (const Range& output : outputs_) {
    copy(to, output.begin, output.bytes());
    to += room_for(output);
  }
}

bool DeviceState::kept_same(const TimedTrial& trial, Kept a, Kept b) {
  FIB_DRIVER_CHECK(api_, cuStreamSynchronize(stream_));
  std::vector<CUdeviceptr> pages;
  for (const Kept whose : {a, b})
    for (std::uint64_t at = 0; at < kept_bytes_; at += trace::kPageBytes)
      pages.push_back(kept_[static_cast<std::size_t>(whose)] + at);
  const auto hashes = trial.subject.machine().pages.hash_at(trial.subject.context(), pages);
  const auto half = static_cast<std::ptrdiff_t>(hashes.size() / 2);
  return std::equal(hashes.begin(), hashes.begin() + half, hashes.begin() + half);
}

MemoryState DeviceState::kept(const TimedTrial& trial, Kept whose, const MemoryState& now) {
  FIB_DRIVER_CHECK(api_, cuStreamSynchronize(stream_));
  MemoryState state = now;
  CUdeviceptr from = kept_[static_cast<std::size_t>(whose)];
  for (const Range& output : outputs_) {
    std::vector<std::byte> content(output.bytes());
    FIB_DRIVER_CHECK(api_, cuMemcpyDtoH_v2(content.data(), from, content.size()));
    (void)trial.memory.write(state, output.begin, content);
    from += room_for(output);
  }
  return state;
}

void DeviceState::flush() {
  FIB_DRIVER_CHECK(api_, cuMemsetD8Async(flush_, ++flushed_, flush_bytes_, stream_));
}

}  // namespace fib::judge
