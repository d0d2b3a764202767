// SPDX-License-Identifier: Apache-2.0
#include "cli/kernel_pattern.h"

#include <memory>
#include <regex>
#include <unordered_map>

#include "cli/exit_codes.h"
#include "cli/names.h"

namespace fib::cli {
namespace {

/// Asks each name once.
class KernelPattern {
 public:
  explicit KernelPattern(const std::string& pattern) : regex_(pattern, std::regex::extended) {}
  bool operator()(const std::string& mangled) {
    const auto [found, fresh] = known_.try_emplace(mangled, false);
    if (fresh) {
      found->second =
          std::regex_search(mangled, regex_) || std::regex_search(demangle(mangled), regex_);
    }
    return found->second;
  }

 private:
  std::regex regex_;
  std::unordered_map<std::string, bool> known_;
};

}  // namespace

std::function<bool(const std::string& mangled)> kernel_pattern(const std::string& option,
                                                               const std::string& pattern) try {
  return [matcher = std::make_shared<KernelPattern>(pattern)](const std::string& mangled) {
    return (*matcher)(mangled);
  };
} catch (const std::regex_error& error) {
  throw CliError(kExitUsage, option + " '" + pattern + "' is no extended regular expression (" +
                                 error.what() + ")");
}

}  // namespace fib::cli
