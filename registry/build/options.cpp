// SPDX-License-Identifier: Apache-2.0
#include "registry/build/options.h"

#include <algorithm>
#include <array>

#include "registry/model/object.h"

namespace fib::build {
namespace {

using registry::Json;

constexpr const char* kOptionsRule = "build.options";
constexpr const char* kPointer = "/spec/launch/build";
constexpr std::size_t kMostOptions = 256;

// As NVRTC spells them, behind one dash or two.
constexpr std::array<std::string_view, 9> kFlags = {"use_fast_math",
                                                    "extra-device-vectorization",
                                                    "generate-line-info",
                                                    "lineinfo",
                                                    "restrict",
                                                    "device-int128",
                                                    "disable-warnings",
                                                    "default-device",
                                                    "device-as-default-execution-space"};
constexpr std::array<std::string_view, 9> kWithValue = {
    "std",  "maxrregcount",  "ftz",          "prec-div",      "prec-sqrt",
    "fmad", "diag-suppress", "define-macro", "undefine-macro"};
constexpr std::array<std::string_view, 3> kPtxas = {"-O", "-dlcm=", "--register-usage-level="};

bool is_plain(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool contains(const auto& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

bool is_ptxas_option(std::string_view value) {
  return value.find_first_of(" ,/") == std::string_view::npos &&
         std::any_of(kPtxas.begin(), kPtxas.end(),
                     [&](std::string_view known) { return value.starts_with(known); });
}

void check(const std::vector<std::string>& options, registry::ObjectReader& reader) {
  if (options.size() > kMostOptions) {
    reader.error("options", "has more than 256 entries", "write fewer");
  }
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (is_allowed(options[i])) continue;
    reader.findings().error(
        kOptionsRule, registry::child(reader.pointer_to("options"), i),
        '"' + options[i] + "\" is no option that a Solution may give to the compiler",
        "leave it out; docs/registry.md lists those that are allowed");
  }
}

}  // namespace

bool is_allowed(std::string_view option) {
  if (!option.starts_with('-') || !is_plain(option)) return false;
  if (option.starts_with("-D") || option.starts_with("-U")) return option.size() > 2;
  option.remove_prefix(option.starts_with("--") ? 2 : 1);
  const std::size_t mark = option.find('=');
  if (mark == std::string_view::npos) return contains(kFlags, option);
  const std::string_view name = option.substr(0, mark), value = option.substr(mark + 1);
  if (name == "ptxas-options" || name == "Xptxas") return is_ptxas_option(value);
  return contains(kWithValue, name) && !value.empty();
}

const Json* build_block_of(const registry::Solution& solution) {
  const Json* const launch = solution.spec.members.unknown("launch");
  return launch != nullptr ? registry::find_member(*launch, "build") : nullptr;
}

std::optional<BuildOptions> read_build_options(const registry::Solution& solution,
                                               registry::Findings& findings) {
  const Json* const block = build_block_of(solution);
  if (block == nullptr) return BuildOptions{};
  registry::Findings own;
  registry::ObjectReader reader(*block, kPointer, "the build block", kOptionsRule, own);
  BuildOptions options;
  if (reader.is_object()) {
    options.options = reader.texts("options");
    options.instantiate = reader.texts("instantiate");
    check(options.options, reader);
  }
  const bool good = !own.has_errors();
  findings.take(std::move(own), "", 0);
  return good ? std::optional(std::move(options)) : std::nullopt;
}

}  // namespace fib::build
