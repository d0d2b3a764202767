// SPDX-License-Identifier: Apache-2.0
//
// Broken builds of a registry that is fine: the candidate is not used, and one line says why.
#include "tests/unit/dispatch/source_faults.h"

namespace fib::dispatch::testing {
namespace {

/// A fault in the file NAME of the build.
std::function<void(DiskRegistry&)> in_build(const char* name,
                                            std::function<void(DiskRegistry&, const char*)> make) {
  return [=](DiskRegistry& disk) { make(disk, disk.build_file(name).c_str()); };
}
std::function<void(DiskRegistry&)> manifest_says(std::function<void(build::Manifest&)> change) {
  return [=](DiskRegistry& disk) {
    const std::string file = disk.build_file("build.json");
    change(disk.manifest());
    disk.write(file, registry::to_text(build::to_json(disk.manifest()), 2));
  };
}

const std::vector<Fault> kBuilds = {
    {"NoBuild", [](DiskRegistry& disk) { fs::remove_all(disk.path(".fib")); }, Left::Nothing, "",
     "no build for NVIDIA H200 (sm_90)"},
    {"WrongArchitectureOnly",
     [](DiskRegistry& disk) {
       fs::remove_all(disk.path(".fib"));
       disk.build_for("sm_100a", "x");
     },
     Left::Nothing, "", "no build for NVIDIA H200 (sm_90)"},
    {"TruncatedManifest", in_build("build.json", [](auto& disk, auto* file) { cuts(file)(disk); }),
     Left::Nothing, "build.json", "JSON"},
    {"ManifestOfWrongTypes",
     in_build("build.json",
              [](auto& disk, auto* file) {
                replace(disk, file, "\"modules\": [", "\"modules\": [7, ");
              }),
     Left::Nothing, "build.json", "module"},
    {"ManifestThatNamesAFileElsewhere", manifest_says([](build::Manifest& manifest) {
       manifest.modules[0].file = "../../../../etc/passwd";
     }),
     Left::Nothing, "build.json", "beside"},
    {"ManifestOfAnotherBuild",
     manifest_says([](build::Manifest& manifest) { manifest.source_key = std::string(32, 'a'); }),
     Left::Nothing, "build.json", "another build"},
    {"ModuleIsMissing",
     manifest_says([](build::Manifest& manifest) { manifest.modules[0].name = "b.cu"; }),
     Left::Nothing, "", "a.cu"},
    {"KernelIsMissing", manifest_says([](build::Manifest& manifest) {
       manifest.modules[0].entries[0].name = "other";
     }),
     Left::Nothing, "", "norm"},
    {"OtherParameters", manifest_says([](build::Manifest& manifest) {
       manifest.modules[0].entries[0].parameters = {{0, 8}, {8, 4}, {12, 4}};
     }),
     Left::Nothing, kSolutionFile, "argument 1"},
    {"CacheOfEverybody", allows(".fib/build", 0777), Left::Nothing, ".fib/build", "go-w"},
    {"CacheIsAFile",
     [](DiskRegistry& disk) {
       fs::remove_all(disk.path(".fib"));
       disk.write(".fib/build", "x");
     },
     Left::Nothing, ".fib/build", "no directory"},
    {"BinaryIsMissing",
     in_build("a.cubin", [](auto& disk, auto* file) { fs::remove(disk.path(file)); }),
     Left::Nothing, "a.cubin", "does not exist"},
    {"BinaryIsAnother",
     in_build("a.cubin", [](auto& disk, auto* file) { disk.write(file, "evil of "); }),
     Left::Nothing, "a.cubin", "hash"},
    {"BinaryIsTruncated",
     in_build("a.cubin", [](auto& disk, auto* file) { fs::resize_file(disk.path(file), 3); }),
     Left::Nothing, "a.cubin", "hash"},
    {"BinaryIsALink", in_build("a.cubin", [](auto& disk, auto* file) { links(file)(disk); }),
     Left::Nothing, "a.cubin", "link"},
    {"BinaryOfEverybody",
     in_build("a.cubin", [](auto& disk, auto* file) { allows(file, 0666)(disk); }), Left::Nothing,
     "a.cubin", "go-w"},
    {"BinaryIsAPipe",
     in_build("a.cubin",
              [](auto& disk, auto* file) {
                fs::remove(disk.path(file));
                ::mkfifo(disk.path(file).c_str(), 0644);
              }),
     Left::Nothing, "a.cubin", "no regular file"},
    {"BinaryIsADirectory",
     in_build("a.cubin",
              [](auto& disk, auto* file) {
                fs::remove(disk.path(file));
                fs::create_directory(disk.path(file));
              }),
     Left::Nothing, "a.cubin", "no regular file"},
};

class BuildFaults : public SourceFaults {};

TEST_P(BuildFaults, LeaveTheCandidateOut) { run(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Builds, BuildFaults, ::testing::ValuesIn(kBuilds), fault_name);

}  // namespace
}  // namespace fib::dispatch::testing
