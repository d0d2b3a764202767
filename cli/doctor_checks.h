// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace fib::cli {

enum class Health { Ok, Warn, Fail };
[[nodiscard]] const char* to_string(Health health);

/// One line of `fib doctor`.
struct Check {
  std::string name;
  Health health;
  std::string text;    ///< what was found
  std::string remedy;  ///< what to do; empty when all is well
};

// What each looks at is in its name; none changes anything that outlives it.
[[nodiscard]] Check check_driver(std::vector<Check>& gpus);  ///< also one check per GPU
[[nodiscard]] Check check_glibc();
[[nodiscard]] Check check_shim();             ///< found, and loaded by a process
[[nodiscard]] Check check_settings();         ///< FIBSHIM_ variables left in the environment
[[nodiscard]] Check check_preloads();         ///< LD_PRELOAD
[[nodiscard]] Check check_system_preloads();  ///< /etc/ld.so.preload
[[nodiscard]] Check check_audit_modules();    ///< LD_AUDIT
[[nodiscard]] Check check_cupti();
[[nodiscard]] Check check_injection();  ///< CUDA_INJECTION64_PATH
[[nodiscard]] Check check_directory(const std::string& directory);
[[nodiscard]] Check check_container();

/// All of the above, in the order of printing. `directory` is where a capture would be written.
[[nodiscard]] std::vector<Check> check_machine(const std::string& directory);

/// Whether `command` is a program that a preloaded library can get into.
[[nodiscard]] Check check_program(const std::vector<std::string>& command);

}  // namespace fib::cli
