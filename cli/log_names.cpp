// SPDX-License-Identifier: Apache-2.0
#include "cli/log_names.h"

namespace fib::cli {

void LogNames::on_process(const trace::Process& process) {
  pid_ = process.fixed.pid;
  clock_.set_rate(process.fixed.ticks_per_second);
  for (const auto& [key, value] : process.strings) {
    if (key == "command") command_ = value;
  }
}

void LogNames::on_api(const trace::Api& api) {
  Api& known = apis_[api.api];
  known.name = api.name;
  known.args = api.args;
  known.specs = trace::parse_api_args(known.args);
}

void LogNames::on_kernel(const trace::Kernel& kernel) {
  kernels_[kernel.fixed.kernel] = kernel.name;
}

void LogNames::on_thread(const trace::Thread& thread) {
  tids_[thread.fixed.thread] = thread.fixed.tid;
  thread_names_[thread.fixed.thread] = thread.name;
}

const LogNames::Api& LogNames::api(std::uint16_t api) {
  const auto [found, fresh] = apis_.try_emplace(api);
  if (fresh) found->second.name = "api#" + std::to_string(api);
  return found->second;
}

const std::string& LogNames::kernel(std::uint32_t kernel) {
  const auto [found, fresh] = kernels_.try_emplace(kernel);
  if (fresh) found->second = "kernel#" + std::to_string(kernel);
  return found->second;
}

std::uint32_t LogNames::tid(std::uint32_t thread) const {
  const auto found = tids_.find(thread);
  return found != tids_.end() ? found->second : thread;
}

}  // namespace fib::cli
