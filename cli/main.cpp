// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <iostream>

#include "cli/app.h"

namespace {

constexpr std::array<fib::cli::VerbFactory, 7> kVerbs = {
    fib::cli::make_record_verb, fib::cli::make_info_verb,   fib::cli::make_ls_verb,
    fib::cli::make_dump_verb,   fib::cli::make_export_verb, fib::cli::make_doctor_verb,
    fib::cli::make_audit_verb,
};

}  // namespace

int main(int argc, char** argv) {
  return fib::cli::run_app(kVerbs, {argv + (argc > 0 ? 1 : 0), argv + argc}, std::cout);
}
