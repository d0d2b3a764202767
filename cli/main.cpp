// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <iostream>

#include "cli/app.h"
#include "judge/trial/trial_child.h"
#include "replayer/supervisor.h"

namespace {

constexpr std::array kVerbs = {
    fib::cli::make_record_verb,  fib::cli::make_ctl_verb,      fib::cli::make_info_verb,
    fib::cli::make_ls_verb,      fib::cli::make_dump_verb,     fib::cli::make_replay_verb,
    fib::cli::make_extract_verb, fib::cli::make_timeline_verb, fib::cli::make_export_verb,
    fib::cli::make_trim_verb,    fib::cli::make_recover_verb,  fib::cli::make_strip_verb,
    fib::cli::make_doctor_verb,  fib::cli::make_audit_verb,    fib::cli::make_registry_verb,
    fib::cli::make_explain_verb, fib::cli::make_bench_verb,    fib::cli::make_trial_verb,
    fib::cli::make_rank_verb,    fib::cli::make_compare_verb,  fib::cli::make_report_verb,
    fib::cli::make_run_verb,     fib::cli::make_qualify_verb,
};

}  // namespace

int main(int argc, char** argv) {
  if (const int code = fib::replayer::replay_child(); code >= 0) return code;
  if (const int code = fib::judge::trial_child(); code >= 0) return code;
  return fib::cli::run_app(kVerbs, {argv + (argc > 0 ? 1 : 0), argv + argc}, std::cout);
}
