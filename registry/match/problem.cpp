// SPDX-License-Identifier: Apache-2.0
#include "registry/match/problem.h"

namespace fib::match {

std::string Problem::text() const {
  std::string line = origin;
  if (!pointer.empty()) line += (line.empty() ? "" : ": ") + pointer;
  if (column != 0) line += ": column " + std::to_string(column);
  line += (line.empty() ? "" : ": ") + message;
  if (!remedy.empty()) line += "; " + remedy;
  return line;
}

}  // namespace fib::match
