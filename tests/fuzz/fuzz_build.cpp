// SPDX-License-Identifier: Apache-2.0
// Entry point as libFuzzer wants it. The input is tried as a cubin, a fatbin, PTX, ptxas's log, a
// manifest of a build, Triton's metadata and base64.
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "registry/build/base64.h"
#include "registry/build/cubin.h"
#include "registry/build/fatbin_choice.h"
#include "registry/build/manifest.h"
#include "registry/build/module_builder.h"
#include "registry/build/triton.h"

namespace {

using namespace fib::build;

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "fuzz_build: %s\n", what);
  std::abort();
}

void as_code(std::span<const std::byte> bytes, std::string_view text) {
  ParsedCubin cubin = read_cubin(bytes);
  require(cubin.info.has_value() == cubin.error.empty(), "neither a cubin nor an error");
  if (cubin.info) {
    require(cubin.info->arch.sm >= 50, "a cubin without an architecture");
    for (const Entry& entry : cubin.info->entries) require(!entry.name.empty(), "no name");
    add_ptxas_log(text, cubin.info->entries);
  }
  for (const char* name : {"sm_90a", "compute_80"}) {
    const Arch arch = *arch_of(name);
    const FatbinChoice choice = choose_from_fatbin(text, arch);
    require(choice.error.empty() != choice.content.empty(), "neither a piece nor an error");
    const Capability gpu{arch.sm / 10, arch.sm % 10};
    require(!choice.error.empty() || runs_on(choice.arch, gpu), "a piece for another GPU");
  }
}

void as_text(std::string_view text) {
  auto entries = ptx_entries(text);
  for (const Entry& entry : entries) require(!entry.name.empty(), "an entry without a name");
  (void)ptx_target(text);
  add_ptxas_log(text, entries);
  (void)diagnostics(text, "a.cu");
  if (const auto bytes = from_base64(text)) {
    require(from_base64(to_base64(*bytes)) == bytes, "base64 changes what it holds");
  }
}

void as_json(std::string_view text) {
  const ParsedManifest parsed = read_manifest(text);
  require(parsed.manifest.has_value() == parsed.error.empty(), "neither a manifest nor an error");
  if (parsed.manifest) {
    const std::string again = fib::registry::to_text(to_json(*parsed.manifest));
    const ParsedManifest copy = read_manifest(again);
    require(copy.manifest.has_value(), "a manifest that was written can't be read");
    require(fib::registry::to_text(to_json(*copy.manifest)) == again, "a manifest changes");
    for (const Module& module : parsed.manifest->modules) {
      require(module.file.find('/') == std::string::npos, "a file in another directory");
    }
    (void)choose(std::span(&*parsed.manifest, 1), {9, 0});
  }
  const auto json = fib::registry::parse_json(text, {std::size_t{1} << 16});
  if (json.ok()) (void)read_triton(json.value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  as_code(std::as_bytes(std::span(data, size)), text);
  as_text(text);
  as_json(text);
  return 0;
}
