// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

namespace fib::replayer {

/// The window can't be replayed here. One line that says why and what to do.
class Refusal : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A recorded address is taken in this process; in another layout of the process it may be free.
class AddressTaken : public Refusal {
 public:
  using Refusal::Refusal;
};

}  // namespace fib::replayer
