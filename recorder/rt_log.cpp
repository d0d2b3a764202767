// SPDX-License-Identifier: Apache-2.0
#include "recorder/rt_log.h"

#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>

namespace fib::recorder {

void say(const char* format, ...) noexcept {
  const int saved_errno = errno;
  char line[1000];
  int used = std::snprintf(line, sizeof line, "fibshim: ");
  va_list args;
  va_start(args, format);
  const auto room = sizeof line - 1 - static_cast<std::size_t>(used);
  const int wanted = std::vsnprintf(line + used, room, format, args);
  va_end(args);
  if (wanted > 0) used += wanted < static_cast<int>(room) ? wanted : static_cast<int>(room) - 1;
  line[used++] = '\n';
  // Nobody is left to tell when stderr itself fails.
  if (::write(STDERR_FILENO, line, static_cast<std::size_t>(used)) < 0) errno = 0;
  errno = saved_errno;
}

}  // namespace fib::recorder
