// SPDX-License-Identifier: Apache-2.0
#include "dispatch/generation.h"

namespace fib::dispatch {

Generation::Generation(std::uint32_t number, std::unique_ptr<Deployment> deployment,
                       std::span<const Gpu> gpus)
    : number_(number),
      deployment_(std::move(deployment)),
      gpus_(gpus.begin(), gpus.end()),
      demotions_(table().candidates()),
      readiness_(std::make_unique<std::atomic<Readiness>[]>(table().candidates())),
      counters_(table().candidates()) {
  for (std::size_t i = 0; i < gpus_.size(); ++i) models_[i] = table().model(gpus[i].name);
  std::size_t handles = 0;
  for (std::size_t i = 0; i < table().candidates(); ++i) {
    first_.push_back(handles);
    handles += table().candidate(static_cast<std::int32_t>(i)).launch.kernels.size() * gpus_.size();
    readiness_[i].store(Readiness::NotLoaded, std::memory_order_relaxed);
  }
  functions_.resize(handles);
}

}  // namespace fib::dispatch
