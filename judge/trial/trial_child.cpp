// SPDX-License-Identifier: Apache-2.0
#include "judge/trial/trial_child.h"

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "judge/trial/reasons.h"
#include "judge/trial/trial.h"
#include "judge/wire.h"
#include "replayer/error.h"

namespace fib::judge {
namespace {

using registry::Json;
using registry::Status;

constexpr char kVariable[] = "FIB_TRIAL_CHILD";

std::string text_of(const TrialOutcome& outcome) {
  Json json = Json::object();
  json["problem"] = outcome.problem;
  json["result"] = to_json(outcome.result);
  return registry::to_text(json);
}

TrialOutcome outcome_of(const std::string& text) {
  const registry::ParsedJson parsed = registry::parse_json(text);
  if (!parsed.error.empty() || !parsed.value.is_object() || !parsed.value.contains("result"))
    throw std::runtime_error("the trial's child left something else than a result");
  return {parsed.value.value("problem", std::string()), result_of(parsed.value.at("result"))};
}

/// A child that left too early, or had to be ended.
TrialOutcome outcome_of(const replayer::ChildEnd& end, double timeout) {
  TrialOutcome outcome;
  if (!end.result.empty()) outcome = outcome_of(end.result);
  char seconds[32];
  std::snprintf(seconds, sizeof seconds, "%g", timeout);
  const std::string how =
      end.hung ? std::string("nothing happened for ") + seconds + " s" : "ended by " + end.ending;
  if (!end.where.starts_with(kCandidatePhase)) {
    outcome.problem = "the trial was given up at " + end.where + ": " + how;
    return outcome;
  }
  outcome.result.status = end.hung ? Status::Timeout : Status::RuntimeError;
  outcome.result.reason = end.hung ? reasons::kHang : reasons::kCrash;
  outcome.result.detail = (end.hung ? "hangs: " : "crashed, ") + how + " (" + end.where + ')';
  return outcome;
}

}  // namespace

TrialOutcome supervise_trial(const TrialRequest& request,
                             const replayer::Supervision& supervision) {
  TrialRequest whole = request;
  if (const char* cache = std::getenv("FIB_CACHE_PATH"); whole.cache.empty() && cache != nullptr)
    whole.cache = cache;
  const replayer::ChildEnd end =
      replayer::run_in_child({kVariable, "worker", registry::to_text(to_json(whole))}, supervision);
  if (!end.finished) return outcome_of(end, supervision.timeout_seconds);
  return outcome_of(end.result);
}

int trial_child() {
  const auto side = replayer::ChildSide::open(kVariable);
  if (side == nullptr) return -1;
  TrialOutcome outcome;
  bool another_layout = false;
  try {
    const registry::ParsedJson parsed = registry::parse_json(side->request());
    const TrialRequest request = request_of(parsed.value);
    outcome.result = run_trial(request, side->progress(), [&](const TrialResult& so_far) {
      side->leave(text_of({"", so_far}));
    });
  } catch (const replayer::AddressTaken& error) {
    outcome.problem = error.what();
    another_layout = true;
  } catch (const std::exception& error) {
    outcome.problem = error.what();
  }
  side->finish(text_of(outcome), another_layout);
}

}  // namespace fib::judge
