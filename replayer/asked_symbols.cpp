// SPDX-License-Identifier: Apache-2.0
#include "replayer/asked_symbols.h"

#include <algorithm>

namespace fib::replayer {

void AskedSymbols::add(const ApiEntry& api, const trace::Call& call) {
  if (call.fixed.result != 0) return;
  if (api.base == "cuLibraryGetModule" && call.words.size() == 2) {
    library_of_[call.words[0]] = call.words[1];
    return;
  }
  const bool asks = api.base == "cuModuleGetGlobal" || api.base == "cuLibraryGetGlobal" ||
                    api.base == "cuLibraryGetManaged";
  if (!asks || call.words.size() != 4) return;
  const std::vector<trace::CallArg> args = trace::bind_args(api.specs, call).args;
  if (call.words[0] == 0 || !args[3].has_blob) return;
  const auto* name = reinterpret_cast<const char*>(args[3].blob.data());
  questions_.push_back({call.header.time, call.words[0], call.words[1], call.words[2],
                        call.fixed.context, std::string(name, args[3].blob.size())});
}

/// The last load behind the handle, which the driver may have given out before.
std::uint32_t AskedSymbols::load_of(const Question& question) const {
  std::uint64_t handle = question.container;
  if (const auto library = library_of_.find(handle); library != library_of_.end())
    handle = library->second;
  std::uint32_t found = 0;
  for (const auto& [id, load] : plan_.loads)
    if (load.fixed.handle == handle && load.time <= question.time) found = id;
  return found;
}

bool AskedSymbols::is_known(const Question& question) const {
  return std::any_of(plan_.regions.begin(), plan_.regions.end(), [&](const RegionPlan& region) {
    return region.is_symbol() && region.fixed.address == question.address &&
           region.born <= question.time;
  });
}

void AskedSymbols::settle() {
  for (Question& question : questions_) {
    const std::uint32_t load = load_of(question);
    if (load == 0 || is_known(question)) continue;
    RegionPlan region;
    region.fixed.window = plan_.window.number;
    region.fixed.kind = static_cast<std::uint16_t>(trace::RegionKind::Symbol);
    region.fixed.address = question.address;
    region.fixed.bytes = question.bytes;
    region.fixed.context = question.context;
    region.fixed.load = load;
    region.name = std::move(question.name);
    region.born = std::max(question.time, plan_.window.begin + 1);
    region.first_page = plan_.pages;
    plan_.regions.push_back(std::move(region));
  }
}

}  // namespace fib::replayer
