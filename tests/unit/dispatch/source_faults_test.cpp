// SPDX-License-Identifier: Apache-2.0
//
// Broken registries of every kind: each leaves something usable, if only nothing at all, and one
// line that names the file, what is wrong and what to do.
#include "tests/unit/dispatch/source_faults.h"

namespace fib::dispatch::testing {
namespace {

const std::vector<Fault> kRecords = {
    {"TruncatedDefinition", cuts(kDefinitionFile), Left::Nothing, kDefinitionFile, "JSON"},
    {"DefinitionOfWrongTypes", replaces(kDefinitionFile, "4096}", "\"x\"}"), Left::Nothing,
     kDefinitionFile, "value"},
    {"TruncatedSolution", cuts(kSolutionFile), Left::Nothing, kSolutionFile, "JSON"},
    {"SolutionOfWrongTypes", replaces(kSolutionFile, "[\"batch\"]", "{}"), Left::Nothing,
     kSolutionFile, "grid"},
    {"TruncatedSolutionThatAPolicyPins",
     [](DiskRegistry& disk) {
       disk.write("bindings/policies.json", R"({"default": {"pin": "fast"}})");
       cuts(kSolutionFile)(disk);
     },
     Left::Nothing, kSolutionFile, "JSON"},
    {"PinOfNothing", writes("bindings/policies.json", R"({"default": {"pin": "faster"}})"),
     Left::Candidate, kBindingFile, "faster"},
    {"SolutionOfWrongTypesThatAPolicyPins",
     [](DiskRegistry& disk) {
       disk.write("bindings/policies.json", R"({"default": {"pin": "fast"}})");
       replace(disk, kSolutionFile, "[\"batch\"]", "{}");
     },
     Left::Nothing, kSolutionFile, "grid"},
    {"SolutionWithoutAnEnd", writes(kSolutionFile, std::string(200000, '[')), Left::Nothing,
     kSolutionFile, "JSON"},
    {"TruncatedBinding", cuts(kBindingFile), Left::Nothing, kBindingFile, "JSON"},
    {"BindingOfWrongTypes", replaces(kBindingFile, "\"grid.x\"", "[1]"), Left::Nothing,
     kBindingFile, "batch"},
    {"BindingOfNothing", replaces(kBindingFile, "rmsnorm_h4096", "nothing"), Left::Nothing,
     kBindingFile, "nothing"},
    {"BadExpression", replaces(kBindingFile, "grid.x", "grid.x +"), Left::Nothing, kBindingFile,
     "column"},
    {"BadRegex", replaces(kBindingFile, "rmsnorm_kernel", "("), Left::Nothing, kBindingFile, ""},
    {"TruncatedTrace", cuts(kTraceFile), Left::Nothing, kTraceFile, "JSON"},
    {"TruncatedPolicies", writes("bindings/policies.json", "{"), Left::Nothing,
     "bindings/policies.json", "JSON"},
    {"LargeBinding", [](DiskRegistry& disk) { fs::resize_file(disk.path(kBindingFile), 2 << 20); },
     Left::Nothing, kBindingFile, "bytes"},
    {"HugeTrace",
     [](DiskRegistry& disk) { fs::resize_file(disk.path(kTraceFile), std::uintmax_t{1} << 40); },
     Left::Nothing, kTraceFile, "bytes"},
};

const std::vector<Fault> kFiles = {
    {"PipeForABinding",
     [](DiskRegistry& disk) {
       fs::remove(disk.path(kBindingFile));
       ::mkfifo(disk.path(kBindingFile).c_str(), 0644);
     },
     Left::Nothing, kBindingFile, "no regular file"},
    {"DirectoryForASolution",
     [](DiskRegistry& disk) {
       fs::remove(disk.path(kSolutionFile));
       fs::create_directory(disk.path(kSolutionFile));
     },
     Left::Nothing, kSolutionFile, "no regular file"},
    {"LinkForASolution", links(kSolutionFile), Left::Nothing, kSolutionFile, "link"},
    {"LinkForPolicies",
     [](DiskRegistry& disk) {
       disk.write("bindings/policies.json", "{}");
       links("bindings/policies.json")(disk);
     },
     Left::Nothing, "bindings/policies.json", "link"},
    {"LinkForADirectory", links("bindings/rmsnorm"), Left::Nothing, "bindings/rmsnorm", "link"},
    {"FileOfTheGroup", allows(kBindingFile, 0664), Left::Refused, kBindingFile, "go-w"},
    {"FileOfEverybody", allows(kSolutionFile, 0646), Left::Refused, kSolutionFile, "go-w"},
    {"DirectoryOfEverybody", allows("traces/me", 01777), Left::Refused, "traces/me", "go-w"},
    {"FileOfSomebodyElse",
     [](DiskRegistry& disk) { EXPECT_EQ(::chown(disk.path(kBindingFile).c_str(), 12345, 0), 0); },
     Left::Refused, kBindingFile, "owner", true},
    {"NestedTooDeep",
     [](DiskRegistry& disk) {
       std::string deep = "bindings/";
       for (int i = 0; i < 40; ++i) deep += "d/";
       disk.write(deep + "x.json", "{}");
     },
     Left::Candidate, "bindings/d/d", "too deep"},
    {"NoBindings", [](DiskRegistry& disk) { fs::remove_all(disk.path("bindings")); }, Left::Nothing,
     "bindings", "no bindings"},
    {"NameOfTwoLines",
     [](DiskRegistry& disk) { disk.write("bindings/rmsnorm/a\nb\x1b.json", "{"); }, Left::Candidate,
     "a?b?.json", "JSON"},
};

const std::vector<Fault> kRoots = {
    {"RootIsGone", [](DiskRegistry& disk) { fs::remove_all(disk.root()); }, Left::Refused,
     "/registry", "does not exist"},
    {"RootIsAFile",
     [](DiskRegistry& disk) {
       fs::remove_all(disk.root());
       std::ofstream(disk.root()) << "x";
     },
     Left::Refused, "/registry", "no directory"},
    {"RootOfTheGroup", allows("", 0775), Left::Refused, "/registry", "go-w"},
    {"RootOfEverybody", allows("", 01777), Left::Refused, "/registry", "go-w"},
    {"WayOfEverybody", [](DiskRegistry& disk) { fs::permissions(disk.above(), fs::perms(0777)); },
     Left::Refused, "", "on the way"},
    {"RootInARing",
     [](DiskRegistry& disk) {
       fs::remove_all(disk.root());
       fs::create_symlink("registry", disk.root());
     },
     Left::Refused, "/registry", "links"},
    {"RootOfSomebodyElse",
     [](DiskRegistry& disk) { EXPECT_EQ(::chown(disk.root().c_str(), 12345, 0), 0); },
     Left::Refused, "/registry", "owner", true},
    {"LinkOfSomebodyElse",
     [](DiskRegistry& disk) {
       fs::rename(disk.root(), disk.above() / "real");
       fs::create_symlink("real", disk.root());
       EXPECT_EQ(::lchown(disk.root().c_str(), 12345, 0), 0);
     },
     Left::Refused, "/registry", "owner", true},
};

TEST_P(SourceFaults, LeavesTheRestAndSaysOneLine) { run(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Records, SourceFaults, ::testing::ValuesIn(kRecords), fault_name);
INSTANTIATE_TEST_SUITE_P(Files, SourceFaults, ::testing::ValuesIn(kFiles), fault_name);
INSTANTIATE_TEST_SUITE_P(Roots, SourceFaults, ::testing::ValuesIn(kRoots), fault_name);

}  // namespace
}  // namespace fib::dispatch::testing
