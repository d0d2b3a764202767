// SPDX-License-Identifier: Apache-2.0
#include "registry/build/launch_check.h"

#include <algorithm>

#include "registry/build/constant.h"
#include "registry/build/gpus.h"
#include "registry/build/triton.h"

namespace fib::build {
namespace {

using match::ArgumentSpec;
using match::KernelLaunchSpec;

constexpr std::uint32_t kSharedByDefault = 48 << 10;  ///< more needs a function attribute

/// Product of one to three of them. More than 2^20 is as good as 2^20: no GPU takes that.
std::optional<std::uint64_t> product(const std::vector<std::string>& expressions) {
  std::uint64_t result = 1;
  for (const std::string& expression : expressions) {
    const auto factor = constant(expression);
    if (!factor) return std::nullopt;
    result = std::min<std::uint64_t>(result * std::min<std::uint64_t>(*factor, 1 << 20), 1 << 20);
  }
  return result;
}

std::uint32_t size_of(const ArgumentSpec& argument) {
  switch (argument.kind) {
    case ArgumentSpec::Kind::Value: return match::bytes_of(argument.type);
    case ArgumentSpec::Kind::Copy: return argument.copy.size;
    case ArgumentSpec::Kind::Struct: return argument.size;
  }
  return 0;
}

class KernelCheck {
 public:
  KernelCheck(const KernelLaunchSpec& kernel, const registry::Solution& solution,
              const Manifest& build, std::vector<std::string>& problems)
      : kernel_(kernel),
        module_name_(module_of(kernel, solution)),
        build_(build),
        problems_(problems) {}

  void run() {
    const Module* const module = build_.module(module_name_);
    if (module == nullptr) return say("module " + module_name_ + " is not in the build");
    if (module->kind == BinaryKind::Simulated) return;
    const Entry* const entry = module->entry(kernel_.entry);
    if (entry == nullptr) return say("is no kernel of " + module_name_ + names_of(*module));
    if (entry->parameters) check_arguments(*entry->parameters);
    check_block(*entry);
    check_shared(*entry);
  }

 private:
  void say(const std::string& what) {
    problems_.push_back("kernel " + kernel_.entry + ": " + what);
  }

  static std::string names_of(const Module& module) {
    constexpr std::size_t kShown = 5;
    if (module.entries.empty()) return ", which has no kernels";
    std::string text = ", which has ";
    for (std::size_t i = 0; i < module.entries.size() && i < kShown; ++i) {
      text += (i > 0 ? ", " : "") + module.entries[i].name;
    }
    if (module.entries.size() > kShown) text += " and others";
    return text + " (names are mangled ones; extern \"C\" keeps them short)";
  }

  void check_arguments(const std::vector<match::ParamSlot>& parameters) {
    const std::size_t given = kernel_.arguments.size();
    if (given != parameters.size()) {
      return say("the launch block has " + std::to_string(given) + " arguments, the code " +
                 std::to_string(parameters.size()) + " parameters");
    }
    for (std::size_t i = 0; i < given; ++i) {
      const std::uint32_t size = size_of(kernel_.arguments[i]);
      if (size == parameters[i].size) continue;
      say("argument " + std::to_string(i) + " has " + std::to_string(size) +
          " bytes, the code's parameter " + std::to_string(parameters[i].size));
    }
  }

  void check_block(const Entry& entry) {
    const auto threads = product(kernel_.block);
    if (!threads) return;
    const std::uint64_t most = entry.max_threads.value_or(1024);
    if (*threads > most) {
      say("a block of " + std::to_string(*threads) + " threads, and the code allows " +
          std::to_string(most));
    }
    const std::uint64_t registers = std::uint64_t{entry.registers.value_or(0)} * *threads;
    if (registers > kRegistersPerBlock) {
      say(std::to_string(*threads) + " threads of " + std::to_string(*entry.registers) +
          " registers, and a block has " + std::to_string(kRegistersPerBlock));
    }
  }

  void check_shared(const Entry& entry) {
    const auto dynamic = constant(kernel_.shared);
    if (!dynamic) return;
    const std::uint64_t total = *dynamic + entry.shared.value_or(0);
    const std::uint64_t most = shared_per_block(build_.arch);
    const auto allowed = kernel_.attributes.max_dynamic_shared;
    if (total > most) {
      say(std::to_string(total) + " bytes of shared memory, and a block of " +
          to_string(build_.arch) + " has " + std::to_string(most));
    } else if (*dynamic > allowed.value_or(0) && total > kSharedByDefault) {
      say(std::to_string(total) +
          " bytes of shared memory need the attribute "
          "max_dynamic_shared_memory in the launch block");
    }
  }

  const KernelLaunchSpec& kernel_;
  const std::string module_name_;
  const Manifest& build_;
  std::vector<std::string>& problems_;
};

}  // namespace

std::vector<std::string> launch_problems(const match::LaunchSpec& launch,
                                         const registry::Solution& solution,
                                         const Manifest& build) {
  std::vector<std::string> problems;
  for (const KernelLaunchSpec& kernel : launch.kernels) {
    KernelCheck(kernel, solution, build, problems).run();
    const auto metadata = triton_of(solution, module_of(kernel, solution));
    if (!metadata) continue;
    for (const std::string& problem :
         triton_problems(kernel, !launch.workspace.empty(), *metadata)) {
      problems.push_back("kernel " + kernel.entry + ": " + problem);
    }
  }
  return problems;
}

}  // namespace fib::build
