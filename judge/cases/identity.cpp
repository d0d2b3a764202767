// SPDX-License-Identifier: Apache-2.0
#include "judge/cases/identity.h"

#include "registry/model/sha1.h"
#include "registry/store/layout.h"

namespace fib::judge {
namespace {

constexpr std::size_t kLongestPrefix = 150, kHashDigits = 12;

/// 40 digits over what tells the case from others. A process's directory has its pid and the time
/// of its start, so captures need no name here.
std::string identity(const Case& subject) {
  registry::Sha1 hash;
  const auto add = [&hash](const std::string& text) {
    hash.add(std::to_string(text.size()) + ':' + text);
  };
  add(subject.process);
  add(std::to_string(subject.window));
  add(std::to_string(subject.launch));
  add(subject.kernel);
  add(subject.definition);
  add(subject.binding);
  return hash.hex();
}

}  // namespace

std::string case_id(const Case& subject) {
  const std::string prefix = subject.definition.substr(0, kLongestPrefix);
  return (registry::is_path_component(prefix) ? prefix : "case") + '-' +
         identity(subject).substr(0, kHashDigits);
}

std::string workload_uuid(const Case& subject) {
  const std::string digits = identity(subject);
  return digits.substr(0, 8) + '-' + digits.substr(8, 4) + '-' + digits.substr(12, 4) + '-' +
         digits.substr(16, 4) + '-' + digits.substr(20, 12);
}

}  // namespace fib::judge
