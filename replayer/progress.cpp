// SPDX-License-Identifier: Apache-2.0
#include "replayer/progress.h"

#include <algorithm>
#include <cstring>
#include <span>

namespace fib::replayer {
namespace {

void put(std::span<char> to, std::string_view text) {
  const std::size_t n = std::min(text.size(), to.size() - 1);
  std::memcpy(to.data(), text.data(), n);
  to[n] = '\0';
}

}  // namespace

void Progress::phase(std::string_view text) {
  put(page_->phase, text);
  page_->launch.store(0, std::memory_order_relaxed);
  beat();
}

void Progress::launch(std::uint64_t number, std::string_view kernel) {
  put(page_->kernel, kernel);
  page_->launch.store(number, std::memory_order_relaxed);
  beat();
}

}  // namespace fib::replayer
