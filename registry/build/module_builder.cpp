// SPDX-License-Identifier: Apache-2.0
#include "registry/build/module_builder.h"

#include <algorithm>

#include "registry/build/cubin.h"
#include "registry/build/fatbin_choice.h"
#include "registry/build/sha256.h"
#include "registry/build/sources.h"

namespace fib::build {
namespace {

using registry::SourceFile;

Capability capability_of(const Arch& arch) { return {arch.sm / 10, arch.sm % 10}; }

std::string_view line_of(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

bool is_number_line(std::string_view line) {
  for (const std::string_view start : {"ptxas info", "ptxas         .", "info    :"}) {
    if (line.starts_with(start)) return true;
  }
  return false;
}

/// "a.cu(3): error" and "ptxas application ptx input, line 4; fatal" with places as people and
/// editors write them.
std::string with_place(std::string_view line, std::string_view module) {
  const std::size_t open = line.find('('), close = line.find("): ");
  if (open != line.npos && close != line.npos && open < close &&
      line.find_first_not_of("0123456789", open + 1) == close) {
    return std::string(line.substr(0, open)) + ':' +
           std::string(line.substr(open + 1, close - open - 1)) +
           std::string(line.substr(close + 1));
  }
  constexpr std::string_view kPtx = "ptxas application ptx input, line ";
  const std::size_t end = line.find(';');
  if (!line.starts_with(kPtx) || end == line.npos) return std::string(line);
  return std::string(module) + ':' + std::string(line.substr(kPtx.size(), end - kPtx.size())) +
         ':' + std::string(line.substr(end + 1));
}

/// The first line that names an error; else `otherwise`.
std::string first_error(std::string_view text, const std::string& otherwise) {
  while (!text.empty()) {
    const std::string_view line = line_of(text);
    if (line.find("error") != line.npos || line.find("fatal") != line.npos)
      return std::string(line);
  }
  return otherwise;
}

/// For ptxas behind nvJitLink only the number of registers makes sense.
std::vector<std::string> link_options(const std::vector<std::string>& options) {
  std::vector<std::string> result;
  for (const std::string& option : options) {
    const std::size_t at = option.find("maxrregcount=");
    if (at != std::string::npos && at <= 2) result.push_back("-" + option.substr(at));
  }
  return result;
}

void take_cubin(std::string code, const std::string& log, BuiltModule& built) {
  ParsedCubin cubin = read_cubin(std::as_bytes(std::span(code)));
  if (!cubin.info) {
    built.error = cubin.error;
    return;
  }
  add_ptxas_log(log, cubin.info->entries);
  built.module.kind = BinaryKind::Cubin;
  built.module.arch = cubin.info->arch;
  built.module.entries = std::move(cubin.info->entries);
  built.content = std::move(code);
}

}  // namespace

std::string diagnostics(std::string_view log, std::string_view module) {
  std::string text;
  while (!log.empty()) {
    const std::string_view line = line_of(log);
    if (!is_number_line(line)) text += with_place(line, module) + '\n';
  }
  const std::size_t start = text.find_first_not_of('\n');
  if (start == std::string::npos) return "";
  return text.substr(start, text.find_last_not_of('\n') - start + 2);
}

BuiltModule ModuleBuilder::build(const std::string& name) const {
  BuiltModule built;
  built.module.name = name;
  const SourceFile* const source = solution_.source(name);
  if (source == nullptr) {
    built.error = name + " is none of the sources";
    return built;
  }
  SourceBytes bytes = bytes_of(*source);
  if (!bytes.error.empty()) {
    built.error = name + ' ' + bytes.error;
    return built;
  }
  switch (kind_of(name)) {
    case SourceKind::Cuda: from_cuda(*source, built); break;
    case SourceKind::Ptx: from_ptx(std::move(bytes.bytes), built); break;
    case SourceKind::Cubin: from_cubin(std::move(bytes.bytes), built); break;
    case SourceKind::Fatbin: from_fatbin(bytes.bytes, built); break;
    case SourceKind::Simulated:
      built.module.kind = BinaryKind::Simulated;
      built.content = std::move(bytes.bytes);
      break;
    case SourceKind::Other:
      built.error = "is no CUDA C++ (.cu), PTX, cubin or fatbin; name one as \"module\"";
  }
  if (!built.error.empty() && !built.error.starts_with(name))
    built.error = name + ' ' + built.error;
  built.module.bytes = built.content.size();
  built.module.sha256 = sha256(built.content);
  return built;
}

void ModuleBuilder::from_cuda(const SourceFile& source, BuiltModule& built) const {
  const Nvrtc* const nvrtc = compilers_.nvrtc(built.error);
  if (nvrtc == nullptr) {
    built.error = "can't be compiled: " + built.error;
    return;
  }
  if (!nvrtc->knows(arch_)) {
    built.error = "can't be compiled for " + to_string(arch_) + " by NVRTC " + nvrtc->version() +
                  "; use another one (--nvrtc)";
    return;
  }
  auto program = cuda_source(solution_, source, built.error);
  if (!program) return;
  program->options = options_;
  program->instantiate = instantiate_;
  Compiled compiled = nvrtc->compile(*program, arch_);
  built.log = diagnostics(compiled.log, source.path);
  if (!compiled.error.empty()) {
    built.error = first_error(built.log, "does not compile: " + compiled.error);
  } else if (arch_.ptx) {
    take_ptx(std::move(compiled.code), "", built);
  } else {
    take_cubin(std::move(compiled.code), compiled.log, built);
    built.module.arch = arch_;
  }
}

void ModuleBuilder::take_ptx(std::string text, const std::string& log, BuiltModule& built) const {
  built.module.kind = BinaryKind::Ptx;
  built.module.arch = ptx_target(text).value_or(arch_);
  built.module.entries = ptx_entries(text);
  add_ptxas_log(log, built.module.entries);
  built.content = std::move(text);
}

void ModuleBuilder::from_ptx(std::string text, BuiltModule& built) const {
  while (text.ends_with('\0')) text.pop_back();
  const auto target = ptx_target(text);
  if (!target || text.find('\0') != std::string::npos) {
    built.error = "is no PTX: it has no .target, or zero bytes in it";
    return;
  }
  if (!runs_on(*target, capability_of(arch_))) {
    built.error = "is for " + to_string(*target) + ", which does not run on " + to_string(arch_);
    return;
  }
  const JitLink* const link = compilers_.jit_link();
  if (link == nullptr) {
    built.note = built.module.name +
                 " was not checked: there is no nvJitLink here; the driver "
                 "compiles it when it is loaded";
    return take_ptx(std::move(text), "", built);
  }
  Arch made = arch_.ptx ? *target : arch_;
  made.ptx = false;
  Compiled compiled = link->compile(built.module.name, text, made, link_options(options_));
  built.log = diagnostics(compiled.log, built.module.name);
  if (!compiled.error.empty()) {
    built.error = first_error(built.log, compiled.error);
  } else if (arch_.ptx) {
    take_ptx(std::move(text), compiled.log, built);
  } else {
    take_cubin(std::move(compiled.code), compiled.log, built);
    built.module.arch = made;
  }
}

void ModuleBuilder::from_cubin(std::string bytes, BuiltModule& built) const {
  take_cubin(std::move(bytes), "", built);
  if (!built.error.empty()) return;
  const Arch& made = built.module.arch;
  if (arch_.ptx || !runs_on(made, capability_of(arch_))) {
    built.error =
        "is code for " + to_string(made) + ", which can't become a build for " + to_string(arch_);
  }
}

void ModuleBuilder::from_fatbin(const std::string& bytes, BuiltModule& built) const {
  FatbinChoice choice = choose_from_fatbin(bytes, arch_);
  built.error = std::move(choice.error);
  if (!built.error.empty()) return;
  if (choice.kind == BinaryKind::Ptx) {
    from_ptx(std::move(choice.content), built);
  } else {
    from_cubin(std::move(choice.content), built);
  }
}

}  // namespace fib::build
