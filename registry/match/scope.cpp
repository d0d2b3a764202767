// SPDX-License-Identifier: Apache-2.0
#include "registry/match/scope.h"

namespace fib::match {

std::vector<const Scope::Name*> Scope::find(std::string_view name) const {
  std::vector<const Name*> found;
  for (const Name& entry : names_) {
    if (entry.name == name) found.push_back(&entry);
  }
  return found;
}

std::string Scope::list() const {
  std::string list;
  for (const Name& entry : names_) {
    if (!list.empty()) list += ", ";
    list += entry.name;
  }
  return list;
}

}  // namespace fib::match
