// SPDX-License-Identifier: Apache-2.0
#include "audit/session.h"

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "audit/kernel_counter.h"
#include "audit/report.h"
#include "driver/cupti_api.h"

namespace fib::audit {
namespace {

constexpr std::size_t kBufferBytes = 4u << 20;
constexpr std::size_t kBufferAlignment = 8;  // what CUPTI asks of buffers

struct Session {
  pid_t pid = 0;
  std::string directory;
  driver::CuptiApi api;
  KernelCounter counter;
  std::string error;
  bool counting = false;
};

// Never freed: CUPTI's thread may deliver a buffer until the process is gone.
std::atomic<Session*> current{nullptr};

void say(const std::string& text) { std::fprintf(stderr, "fibaudit: %s\n", text.c_str()); }

void CUPTIAPI buffer_requested(std::uint8_t** buffer, std::size_t* bytes,
                               std::size_t* max_records) {
  *buffer = static_cast<std::uint8_t*>(std::aligned_alloc(kBufferAlignment, kBufferBytes));
  *bytes = *buffer != nullptr ? kBufferBytes : 0;
  *max_records = 0;  // as many as fit
}

void CUPTIAPI buffer_completed(CUcontext context, std::uint32_t stream, std::uint8_t* buffer,
                               std::size_t, std::size_t valid_bytes) {
  Session* session = current.load(std::memory_order_acquire);
  if (session != nullptr && session->pid == getpid()) {
    session->counter.count(session->api, context, stream, buffer, valid_bytes);
  }
  std::free(buffer);
}

bool succeeded(Session& session, const char* step, CUptiResult result) {
  if (result == CUPTI_SUCCESS) return true;
  session.error = std::string(step) + " failed: " + driver::result_name(session.api, result) +
                  "; is another profiler attached to this process?";
  return false;
}

// Concurrent-kernel records come one per executed kernel, also for every kernel node of a graph
// launch, as long as graph-level tracing (GRAPH_TRACE) stays off.
bool start_counting(Session& session) {
  if (!driver::load_cupti(session.api, session.error)) return false;
  const driver::CuptiApi& api = session.api;
  return succeeded(session, "cuptiActivityRegisterCallbacks",
                   api.cuptiActivityRegisterCallbacks(buffer_requested, buffer_completed)) &&
         succeeded(session, "cuptiActivityEnable(CONCURRENT_KERNEL)",
                   api.cuptiActivityEnable(CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL));
}

void register_exit_handlers() {
  static bool registered = false;  // handlers survive fork, so once per process family is enough
  if (registered) return;
  registered = true;
  std::atexit([] { finish_session(); });
  std::at_quick_exit([] { finish_session(); });
}

Report report_of(Session& session) {
  Report report;
  report.pid = session.pid;
  report.command = own_command();
  report.error = session.error;
  if (session.counting) session.api.cuptiGetVersion(&report.cupti_version);
  report.counts = session.counter.snapshot();
  return report;
}

Session* begin(const char* directory) {
  Session* session = std::make_unique<Session>().release();
  session->pid = getpid();
  session->directory = directory;
  current.store(session, std::memory_order_release);
  session->counting = start_counting(*session);
  if (!session->counting) say(session->error);
  register_exit_handlers();
  return session;
}

}  // namespace

bool start_session() noexcept try {
  const char* directory = std::getenv("FIBAUDIT_DIR");
  if (directory == nullptr || *directory == '\0') {
    say("FIBAUDIT_DIR is not set, so nothing is counted; run the program with `fib audit`");
    return false;
  }
  Session* session = current.load(std::memory_order_acquire);
  if (session == nullptr || session->pid != getpid()) session = begin(directory);
  return session->counting;
} catch (...) {
  say("out of memory; nothing is counted");
  return false;
}

void finish_session() noexcept try {
  Session* session = current.load(std::memory_order_acquire);
  if (session == nullptr || session->pid != getpid()) return;
  if (session->counting) session->api.cuptiActivityFlushAll(CUPTI_ACTIVITY_FLAG_FLUSH_FORCED);
  const int error = write_report(session->directory, report_of(*session));
  if (error != 0) say("cannot write to " + session->directory + ": " + std::strerror(error));
} catch (...) {
  say("out of memory; the counts of this process are lost");
}

}  // namespace fib::audit
