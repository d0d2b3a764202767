// SPDX-License-Identifier: Apache-2.0
#include "replayer/liveness.h"

#include <map>

namespace fib::replayer {
namespace {

using trace::RegionKind;

/// The live regions, by address, while operations pass by in their order.
class Liveness {
 public:
  explicit Liveness(Plan& plan) : plan_(plan) {
    for (std::uint32_t i = 0; i < plan.regions.size(); ++i)
      if (plan.regions[i].born == 0) add(i);
  }

  void pass(Operation& operation) {
    if (const auto* birth = std::get_if<BirthPlan>(&operation.what)) return add(birth->region);
    const auto* call = std::get_if<CallPlan>(&operation.what);
    if (call == nullptr || call->fixed.result != 0 || operation.captured || call->words.empty())
      return;
    end(*call, operation);
  }

 private:
  void add(std::uint32_t index) {
    const RegionPlan& region = plan_.regions[index];
    live_.emplace(region.on_host() ? region.fixed.host_address : region.fixed.address, index);
  }

  void end(const CallPlan& call, Operation& operation) {
    const std::string_view base = call.api->base;
    const std::uint64_t word = call.words[0];
    if (base.starts_with("cuMemFree") || base == "cuMemHostUnregister" ||
        base == "cuIpcCloseMemHandle")
      end_range(word, word + 1, operation);
    else if (base == "cuMemUnmap")
      end_range(word, word + call.word(1), operation);
    else if (base == "cuModuleUnload" || base == "cuLibraryUnload")
      end_if(operation, [&](const RegionPlan& region) {
        const auto load = plan_.loads.find(region.fixed.load);
        return region.is_symbol() && load != plan_.loads.end() && load->second.fixed.handle == word;
      });
    else if (base == "cuMemPoolDestroy")
      end_if(operation, [&](const RegionPlan& region) {
        return region.kind() == RegionKind::Pool && region.fixed.handle == word;
      });
    else if (base == "cuCtxDestroy")
      end_if(operation, [&](const RegionPlan& region) { return region.fixed.context == word; });
  }

  void end_range(std::uint64_t begin, std::uint64_t end, Operation& operation) {
    for (auto it = live_.lower_bound(begin); it != live_.end() && it->first < end;) {
      if (plan_.regions[it->second].is_symbol()) {
        ++it;
        continue;
      }
      finish(it->second, operation);
      it = live_.erase(it);
    }
  }

  template <class Match>
  void end_if(Operation& operation, Match&& match) {
    for (auto it = live_.begin(); it != live_.end();) {
      if (!match(plan_.regions[it->second])) {
        ++it;
        continue;
      }
      finish(it->second, operation);
      it = live_.erase(it);
    }
  }

  void finish(std::uint32_t index, Operation& operation) {
    plan_.regions[index].died = operation.key;
    operation.deaths.push_back(index);
  }

  Plan& plan_;
  std::multimap<std::uint64_t, std::uint32_t> live_;
};

}  // namespace

void find_deaths(Plan& plan) {
  Liveness liveness(plan);
  for (Operation& operation : plan.operations) liveness.pass(operation);
}

}  // namespace fib::replayer
