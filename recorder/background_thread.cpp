// SPDX-License-Identifier: Apache-2.0
#include "recorder/background_thread.h"

#include <pthread.h>
#include <signal.h>

#include <cerrno>
#include <memory>
#include <new>

#include "recorder/guard.h"

namespace fib::recorder {
namespace {

struct Start {
  const char* name;
  void (*run)(void*) noexcept;
  void* argument;
};

void* thread_main(void* memory) noexcept {
  const std::unique_ptr<Start> start(static_cast<Start*>(memory));
  pthread_setname_np(pthread_self(), start->name);
  ++t_depth;  // for ever: whatever this thread calls is not the engine's
  start->run(start->argument);
  return nullptr;
}

}  // namespace

int start_background_thread(const char* name, void (*run)(void*) noexcept,
                            void* argument) noexcept {
  std::unique_ptr<Start> start(new (std::nothrow) Start{name, run, argument});
  if (start == nullptr) return ENOMEM;
  // The host may assume which of its threads takes a signal: ours takes none.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread{};
  const int error = pthread_create(&thread, &attributes, &thread_main, start.get());
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error == 0) (void)start.release();
  return error;
}

}  // namespace fib::recorder
