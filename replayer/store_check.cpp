// SPDX-License-Identifier: Apache-2.0
#include "replayer/store_check.h"

#include <set>

#include "replayer/error.h"

namespace fib::replayer {
namespace {

class Checker {
 public:
  Checker(Machine& machine, bool thoroughly) : m_(machine), thoroughly_(thoroughly) {}

  void point(const PointPlan& point) {
    if (!point.stored) return;
    for (const PageContent& page : point.pages)
      if (!has(page.hash, m_.pages.bytes_of(page.page)))
        missing(describe_page(m_.plan, page.page) + ": its content " + trace::hash_hex(page.hash) +
                " at point " + std::to_string(point.fixed.point));
  }

  void payload(const PayloadPlan& payload) {
    std::uint64_t rest = payload.fixed.bytes;
    for (const trace::Hash& hash : payload.hashes) {
      const auto bytes =
          static_cast<std::uint32_t>(std::min<std::uint64_t>(rest, trace::kPageBytes));
      rest -= bytes;
      if (!has(hash, bytes))
        missing("a page of host memory that the GPU reads, " + trace::hash_hex(hash) + ",");
    }
  }

 private:
  bool has(const trace::Hash& hash, std::uint32_t bytes) {
    if (!checked_.insert(hash).second) return true;
    m_.progress.beat();
    return thoroughly_ ? !m_.contents.read(hash, bytes).empty() : m_.contents.contains(hash, bytes);
  }

  void missing(const std::string& what) {
    const std::string text = what + " is missing from the capture's pages/, or damaged";
    if (!m_.options.force) throw Refusal(text + " (--force replays without it)");
    m_.deviations.add(text);
  }

  Machine& m_;
  bool thoroughly_;
  std::set<trace::Hash> checked_;
};

}  // namespace

void check_contents(Machine& machine, bool thoroughly) {
  machine.progress.phase("checking the page store");
  Checker checker(machine, thoroughly);
  for (const Operation& operation : machine.plan.operations) {
    if (operation.point) checker.point(*operation.point);
    for (const PayloadPlan& payload : operation.payloads) checker.payload(payload);
  }
}

}  // namespace fib::replayer
