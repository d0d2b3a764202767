// SPDX-License-Identifier: Apache-2.0
#include "replayer/supervisor.h"

#include <cstdio>

#include "replayer/child_request.h"

namespace fib::replayer {
namespace {

using Status = ReplayReport::Status;

constexpr char kVariable[] = "FIB_REPLAY_CHILD";

ChildEnd attempt(const ChildRequest& request, const Supervision& supervision) {
  return run_in_child({kVariable, "fib-replay", to_text(request)}, supervision);
}

/// A child that left no report, or never ended.
ReplayReport report_of(const ChildEnd& end, const Supervision& supervision) {
  ReplayReport report;
  report.launch = end.launch;
  if (end.hung) {
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%g", supervision.timeout_seconds);
    report.status = Status::Hung;
    report.message = std::string("nothing happened for ") + seconds + " s at " + end.where;
  } else {
    report.status = Status::Failed;
    report.message = "the replay was ended by " + end.ending + " at " + end.where;
  }
  return report;
}

}  // namespace

std::string supervise(const ReplayTarget& target, const ReplayOptions& options,
                      const Supervision& supervision) {
  ChildRequest request{target, options};
  const ChildEnd first = attempt(request, supervision);
  // A window that runs without waiting fails or hangs later than the launch that is to blame.
  const bool whole = !first.hung && !first.result.empty() && !says_failed(first.result);
  if (whole || options.locate || options.verify == ReplayOptions::Verify::Launch)
    return first.result.empty() ? to_json(report_of(first, supervision)) : first.result;
  request.options.locate = true;
  request.options.times = 1;
  const ChildEnd second = attempt(request, supervision);
  if (!second.hung && !second.result.empty() && says_failed(second.result)) return second.result;
  if (second.hung || second.result.empty()) return to_json(report_of(second, supervision));
  // One after the other they all ended: what happened before is all that is known.
  ReplayReport report = report_of(first, supervision);
  if (!first.result.empty()) return first.result;
  report.message += "; with a pause after every launch it does not happen";
  return to_json(report);
}

int replay_child() {
  const std::unique_ptr<ChildSide> side = ChildSide::open(kVariable);
  if (!side) return -1;
  try {
    const ChildRequest what = request_of(side->request());
    const ReplayReport report = replay_here(what.target, what.options, side->progress());
    side->finish(to_json(report), report.status == Status::AddressTaken);
  } catch (const std::exception& error) {
    ReplayReport report;
    report.status = Status::Failed;
    report.message = error.what();
    side->finish(to_json(report), false);
  }
}

}  // namespace fib::replayer
