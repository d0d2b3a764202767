// SPDX-License-Identifier: Apache-2.0
#include "replayer/api_table.h"

namespace fib::replayer {
namespace {

bool strip(std::string_view& name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return false;
  name.remove_suffix(suffix.size());
  return true;
}

void strip_version(std::string_view& name) {
  const auto at = name.rfind("_v");
  if (at != name.npos && at + 3 == name.size() && name[at + 2] >= '0' && name[at + 2] <= '9')
    name = name.substr(0, at);
}

}  // namespace

void ApiTable::add(const trace::Api& api) {
  const auto [place, fresh] = entries_.try_emplace(api.api);
  if (!fresh) return;
  ApiEntry& entry = place->second;
  entry.name = api.name;
  entry.args = api.args;
  entry.base = entry.name;
  entry.per_thread = strip(entry.base, "_ptsz") || strip(entry.base, "_ptds");
  strip_version(entry.base);
  entry.specs = trace::parse_api_args(entry.args);
}

const ApiEntry& ApiTable::operator[](std::uint16_t api) const {
  static const ApiEntry kUnknown{"(unnamed call)", "", "(unnamed call)", false, {}};
  const auto found = entries_.find(api);
  return found != entries_.end() ? found->second : kUnknown;
}

std::uint16_t ApiTable::number_of(std::string_view name) const {
  for (const auto& [number, entry] : entries_)
    if (entry.name == name) return number;
  return 0;
}

}  // namespace fib::replayer
