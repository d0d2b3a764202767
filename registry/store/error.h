// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>

namespace fib::registry {

/// One line that names the file, what is wrong and what to do: an operation that was not done.
class RegistryError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace fib::registry
