// SPDX-License-Identifier: Apache-2.0
#include "dispatch/source/registry_source.h"

#include <time.h>

#include <exception>
#include <filesystem>
#include <new>
#include <utility>

#include "dispatch/source/lines.h"
#include "dispatch/source/reading.h"
#include "recorder/rt_log.h"

namespace fib::dispatch {
namespace {

/// A registry that is being written is given so many chances, so far apart: half a second in all.
constexpr int kAttempts = 20;
constexpr long kPauseNs = 25'000'000;
/// It is gone for a moment while another one is moved into its place.
constexpr int kAttemptsWhileMissing = 3;
constexpr std::size_t kMostLines = 20;  ///< said about one read

std::int64_t now_ns() {
  struct timespec now {};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

/// The program may change its directory before a reload.
std::string absolute(const std::string& path) {
  std::error_code error;
  if (path.empty()) return path;
  const auto whole = std::filesystem::absolute(path, error);
  return error ? path : whole.string();
}

void pause() {
  const struct timespec length { 0, kPauseNs };
  ::nanosleep(&length, nullptr);
}

}  // namespace

RegistrySource::RegistrySource(const std::string& root, const std::string& cache)
    : root_(absolute(root)), cache_(absolute(cache)) {}

void RegistrySource::say_once(const std::string& line) {
  if (!known_.insert(line).second) return;
  said_.push_back(line);
  recorder::say("%s", line.c_str());
}

void RegistrySource::say_all(const std::vector<std::string>& lines) {
  std::size_t said = 0;
  for (const std::string& line : lines) {
    if (said++ < kMostLines) say_once(line);
  }
  if (lines.size() > kMostLines)
    say_once(root_ + ": " + std::to_string(lines.size() - kMostLines) +
             " more problems; `fib registry validate` lists those of its records");
}

std::unique_ptr<Deployment> RegistrySource::refuse(std::string why) {
  refusal_ = std::move(why);
  say_once("no registry is used: " + refusal_);
  return nullptr;
}

std::unique_ptr<Deployment> RegistrySource::read_one_state(std::span<const Gpu> gpus) {
  for (int attempt = 1; attempt <= kAttempts; ++attempt, pause()) {
    const std::int64_t began = now_ns();
    SourceReading reading(root_, cache_, gpus);
    std::unique_ptr<Deployment> deployment = reading.run();
    if (deployment == nullptr) {
      if (reading.is_missing() && attempt < kAttemptsWhileMissing) continue;
      return refuse(reading.refusal());
    }
    if (!reading.is_one_state(began)) continue;
    say_all(reading.problems());
    return deployment;
  }
  return refuse(root_ +
                " changes while it is read; try `fib ctl` ... `reload` once it is complete");
}

std::string RegistrySource::refusal() const {
  const std::lock_guard lock(mutex_);
  return refusal_;
}

std::vector<std::string> RegistrySource::said() const {
  const std::lock_guard lock(mutex_);
  return said_;
}

std::unique_ptr<Deployment> RegistrySource::read(std::span<const Gpu> gpus) noexcept try {
  const std::lock_guard lock(mutex_);
  refusal_.clear();
  if (has_raised_rights())
    return refuse("this process has more rights than its user (AT_SECURE); run it without them");
  if (root_.empty())
    return refuse("FIB_DATASET_PATH is not set; set it to the registry's directory");
  return read_one_state(gpus);
} catch (const std::bad_alloc&) {
  recorder::say("out of memory while %s was read; the registry is not used", root_.c_str());
  return nullptr;
} catch (const std::exception& error) {
  recorder::say("%s can't be read: %s; the registry is not used", root_.c_str(), error.what());
  return nullptr;
}

}  // namespace fib::dispatch
