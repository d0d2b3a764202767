// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "cli/app.h"

namespace fib::cli::testing {

struct FibResult {
  int code;
  std::string out, err;
};

/// Runs the tool within the test's process.
inline FibResult run_fib(const std::vector<std::string>& arguments) {
  static constexpr std::array kVerbs = {make_record_verb,  make_info_verb,     make_ls_verb,
                                        make_dump_verb,    make_export_verb,   make_trim_verb,
                                        make_recover_verb, make_strip_verb,    make_doctor_verb,
                                        make_audit_verb,   make_registry_verb, make_explain_verb};
  std::ostringstream out;
  ::testing::internal::CaptureStderr();
  const int code = run_app(kVerbs, arguments, out);
  return {code, out.str(), ::testing::internal::GetCapturedStderr()};
}

/// Sets an environment variable until the end of the scope.
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const std::string& value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before, was_set_ = true;
    setenv(name, value.c_str(), 1);
  }
  ~ScopedVariable() {
    if (was_set_) {
      setenv(name_, before_.c_str(), 1);
    } else {
      unsetenv(name_);
    }
  }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;

 private:
  const char* name_;
  std::string before_;
  bool was_set_ = false;
};

}  // namespace fib::cli::testing
