// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.h"

#include <unistd.h>

#include <cstdio>

#include "cli/units.h"

namespace fib::cli {
namespace {

constexpr std::chrono::milliseconds kFirst{1000}, kEvery{200};
constexpr std::uint64_t kRecordsBetweenLooks = 16384;

}  // namespace

Progress::Progress(std::string job)
    : job_(std::move(job)),
      enabled_(isatty(STDERR_FILENO) == 1),
      next_show_(Clock::now() + kFirst) {}

Progress::~Progress() {
  if (shown_) std::fputs("\r\033[K", stderr);
}

void Progress::look() {
  next_look_ = done_ + kRecordsBetweenLooks;
  const auto now = Clock::now();
  if (now < next_show_) return;
  next_show_ = now + kEvery;
  shown_ = true;
  const std::string step = step_.empty() ? "" : step_ + ", ";
  std::fprintf(stderr, "\r\033[K%s: %s%s", job_.c_str(), step.c_str(),
               format_count(done_, "record").c_str());
  std::fflush(stderr);
}

}  // namespace fib::cli
