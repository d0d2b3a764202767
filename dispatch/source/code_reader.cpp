// SPDX-License-Identifier: Apache-2.0
#include "dispatch/source/code_reader.h"

#include <algorithm>
#include <string_view>

#include "registry/bindings/launch_block.h"
#include "registry/build/launch_check.h"

namespace fib::dispatch {
namespace {

build::Capability capability_of(const Gpu& gpu) {
  return {static_cast<int>(gpu.arch / 10), static_cast<int>(gpu.arch % 10)};
}

std::string no_build(const Gpu& gpu) {
  return "there is no build for " + gpu.name + " (sm_" + std::to_string(gpu.arch) +
         "); run `fib registry build`";
}

/// SOURCE KEY/BUILD KEY/build.json
bool is_manifest(std::string_view file) {
  return std::count(file.begin(), file.end(), '/') == 2 &&
         file.ends_with(std::string("/") + build::kManifestFile);
}

std::string folder_of(const std::string& file) { return file.substr(0, file.rfind('/')); }

/// The launch block is no part of what names a build: it may be newer, or a mistake.
std::string why_not_launched(const match::CompiledCandidate& candidate,
                             const registry::Solution& solution, const build::Manifest& manifest) {
  registry::Findings findings;
  const registry::Json* const value = registry::launch_of(solution);
  const auto block = value != nullptr ? registry::read_launch(*value, findings) : std::nullopt;
  if (!block) return candidate.origin + ": has no launch block that can be read; correct it";
  const auto problems = build::launch_problems(block->launch, solution, manifest);
  if (problems.empty()) return "";
  return candidate.origin + ": " + problems.front() + "; correct the launch block, or build again";
}

bool has_image(const CandidateCode& code, const std::string& module, std::uint32_t arch) {
  return std::any_of(code.images.begin(), code.images.end(), [&](const CandidateImage& image) {
    return image.module == module && image.arch == arch;
  });
}

}  // namespace

CodeReader::CodeReader(const std::vector<std::string>& roots, std::span<const Gpu> gpus,
                       SourceLines& lines)
    : gpus_(gpus), lines_(lines) {
  for (const std::string& root : roots) {
    Opened opened;
    if (auto tree = TrustedTree::open(root, opened)) {
      trees_.push_back(std::move(tree));
    } else if (!opened.missing && refused_.empty()) {
      refused_ = "builds in " + root + " are not looked at: " + opened.error;
    }
  }
}

bool CodeReader::is_one_state(std::int64_t began_ns) const {
  return std::all_of(trees_.begin(), trees_.end(),
                     [&](const auto& tree) { return tree->is_one_state(began_ns); });
}

CodeReader::Builds CodeReader::builds_of(const registry::Solution& solution) {
  Builds builds;
  const std::string key = build::source_key(solution);
  for (const auto& tree : trees_) {
    registry::Findings findings;
    for (const std::string& file : tree->list(key, ".json", findings)) {
      if (is_manifest(file)) read_manifest(*tree, file, key, builds);
    }
    SourceLines refused;
    refused.add(tree->root(), findings);
    for (const std::string& line : refused.list()) builds.problems.push_back(line);
  }
  return builds;
}

void CodeReader::read_manifest(TrustedTree& tree, const std::string& file,
                               const std::string& source_key, Builds& builds) {
  const auto refuse = [&](const std::string& why) {
    builds.problems.push_back(tree.root() + '/' + file + ": " + why);
  };
  const registry::FileText text = tree.read(file, build::kLargestManifest);
  if (!text.error.empty()) return refuse(text.error);
  build::ParsedManifest parsed = build::read_manifest(text.text);
  if (!parsed.manifest) return refuse(parsed.error + "; build it again");
  const std::string folder = folder_of(file);
  if (parsed.manifest->source_key != source_key ||
      parsed.manifest->key != folder.substr(folder.rfind('/') + 1))
    return refuse("is of another build than the names of its directories say; build it again");
  builds.manifests.push_back(std::move(*parsed.manifest));
  builds.trees.push_back(&tree);
  builds.folders.push_back(folder);
}

CandidateCode CodeReader::read(const match::CompiledCandidate& candidate,
                               const registry::Solution& solution) {
  CandidateCode code;
  const Builds builds = builds_of(solution);
  std::vector<std::string> missing;
  for (const Gpu& gpu : gpus_) {
    std::string why = read_for(gpu, candidate, solution, builds, code);
    if (!why.empty()) missing.push_back(std::move(why));
  }
  if (code.images.empty() && !missing.empty()) {
    code.unusable = printable(builds.problems.empty() ? missing.front() : builds.problems.front());
    return code;
  }
  for (const std::string& problem : builds.problems) lines_.add(candidate.origin, problem);
  for (const std::string& why : missing) lines_.add(candidate.origin, why);
  return code;
}

std::string CodeReader::read_for(const Gpu& gpu, const match::CompiledCandidate& candidate,
                                 const registry::Solution& solution, const Builds& builds,
                                 CandidateCode& code) {
  const build::Manifest* const chosen = build::choose(builds.manifests, capability_of(gpu));
  if (chosen == nullptr) return refused_.empty() ? no_build(gpu) : refused_;
  const auto place = static_cast<std::size_t>(chosen - builds.manifests.data());
  if (std::string why = why_not_launched(candidate, solution, *chosen); !why.empty()) return why;
  CandidateCode own;
  for (const match::LaunchProgram::Kernel& kernel : candidate.launch.kernels) {
    const std::string why = read_image(
        {solution, kernel, *chosen, *builds.trees[place], builds.folders[place], gpu.arch}, own);
    if (!why.empty()) return why;
  }
  for (CandidateImage& image : own.images) code.images.push_back(std::move(image));
  code.fingerprint += chosen->key + own.fingerprint;
  return "";
}

std::string CodeReader::read_image(const Wanted& wanted, CandidateCode& code) {
  match::KernelLaunchSpec spec;
  spec.module = wanted.kernel.module;
  const std::string name = build::module_of(spec, wanted.solution);
  const std::string folder = wanted.tree.root() + '/' + wanted.folder + '/';
  const build::Module* const module = wanted.manifest.module(name);
  if (module == nullptr)
    return folder + build::kManifestFile + ": has no module " + name + "; build it again";
  if (has_image(code, wanted.kernel.module, wanted.arch)) return "";
  registry::FileText text =
      wanted.tree.read(wanted.folder + '/' + module->file, build::kLargestBinary);
  if (!text.error.empty()) return folder + module->file + ": " + text.error;
  if (!build::is_intact(*module, std::as_bytes(std::span(text.text))))
    return folder + module->file + ": is not what was built, its hash is another; build it again";
  code.fingerprint += ' ' + module->sha256;
  code.images.push_back({wanted.kernel.module, wanted.arch, std::move(text.text)});
  return "";
}

}  // namespace fib::dispatch
