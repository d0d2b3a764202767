// SPDX-License-Identifier: Apache-2.0
#include "registry/store/edit.h"

#include <gtest/gtest.h>
#include <algorithm>

#include "registry/store/error.h"
#include "registry/store/import.h"
#include "tests/unit/registry/sample.h"

namespace fib::registry {
namespace {

namespace fs = std::filesystem;

using testing::definition_json;
using testing::kBlob;
using testing::SampleRegistry;
using testing::solution_json;
using testing::trace_json;
using testing::workload_json;
using trace::testing::TempDirectory;

template <typename Record>
Record record_of(const Json& json, std::optional<Record> (*read)(const Json&, Findings&)) {
  Findings findings;
  return read(json, findings).value();
}

std::vector<std::string> files_of(const fs::path& root) {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.is_regular_file()) files.push_back(entry.path().lexically_relative(root));
  }
  std::sort(files.begin(), files.end());
  return files;
}

TEST(Import, CopiesEverythingAndThenNothing) {
  const SampleRegistry source;
  const TempDirectory target;
  const auto import = [&] { return import_all(source.open(), Registry::open(target.path()), {}); };
  const ImportReport first = import();
  EXPECT_TRUE(first.findings.list().empty());
  EXPECT_EQ(first.definitions.added, 1u);
  EXPECT_EQ(first.solutions.added, 2u);
  EXPECT_EQ(first.workloads.added, 1u);
  EXPECT_EQ(first.traces.added, 2u);
  EXPECT_EQ(first.blobs.added, 1u);
  EXPECT_EQ(files_of(target.path()), files_of(source.path()));
  for (const std::string& file : files_of(target.path())) {
    EXPECT_EQ(target.read(file), source.read(file)) << file;
  }
  const ImportReport second = import();
  EXPECT_EQ(second.definitions.same, 1u);
  EXPECT_EQ(second.traces.same, 2u);
  EXPECT_EQ(second.blobs.same, 1u);
  EXPECT_EQ(second.traces.added + second.workloads.added + second.solutions.added, 0u);
  EXPECT_TRUE(validate(Registry::open(target.path()), {}).count(Level::Error) == 0);
}

TEST(Import, ConflictsStayUntilTheyAreToBeReplaced) {
  const SampleRegistry source, target;
  Json changed = definition_json();
  changed["description"] = "Another text.";
  source.write("definitions/scale/scale_h8.json", to_text(changed));
  Json workload = workload_json();
  workload["workload"]["axes"]["rows"] = 7;
  source.write("workloads/scale/scale_h8.jsonl", to_text(workload));
  ImportReport report = import_all(source.open(), target.open(), {});
  EXPECT_EQ(report.definitions.conflicts, 1u);
  EXPECT_EQ(report.workloads.conflicts, 1u);
  EXPECT_EQ(report.findings.count(Level::Error), 2u);
  EXPECT_EQ(target.open().definition("scale_h8")->record.description,
            "Scales rows of a ragged batch.");
  report = import_all(source.open(), target.open(), {.replace = true});
  EXPECT_EQ(report.definitions.replaced, 1u);
  EXPECT_EQ(target.open().definition("scale_h8")->record.description, "Another text.");
}

TEST(Import, ADryRunWritesNothing) {
  const SampleRegistry source;
  const TempDirectory target;
  const auto report = import_all(source.open(), Registry::open(target.path()), {.dry_run = true});
  EXPECT_EQ(report.definitions.added, 1u);
  EXPECT_TRUE(files_of(target.path()).empty());
}

TEST(Import, NamesBlobsThatAreMissing) {
  const SampleRegistry source;
  const TempDirectory target;
  fs::remove(source.path() / kBlob);
  const auto report = import_all(source.open(), Registry::open(target.path()), {});
  ASSERT_EQ(report.findings.list().size(), 1u);
  EXPECT_EQ(report.findings.list()[0].rule, "import.blob");
  EXPECT_NE(report.findings.list()[0].message.find(kBlob), std::string::npos);
}

TEST(Import, NeverWritesOutsideTheRegistry) {
  const SampleRegistry source;
  const TempDirectory target, outside;
  Json evil = definition_json();
  evil["name"] = "../../../evil";
  source.write("definitions/scale/evil.json", to_text(evil));
  Json workload = workload_json("w2");
  workload["workload"]["inputs"]["indptr"]["path"] = "definitions/../../evil";
  source.write("workloads/scale/more.jsonl", to_text(workload));
  const auto report = import_all(source.open(), Registry::open(target.path()), {});
  EXPECT_EQ(report.definitions.conflicts, 1u);
  EXPECT_EQ(report.findings.count(Level::Error), 1u);
  EXPECT_EQ(report.findings.count(Level::Warning), 1u);
  fs::create_directory_symlink(outside.path(), target.path() / "solutions/eve");
  const Registry registry = Registry::open(target.path());
  Editor editor(registry, {});
  EXPECT_THROW(editor.add(record_of(solution_json("s", "eve"), read_solution)), RegistryError);
  EXPECT_TRUE(files_of(outside.path()).empty());
}

TEST(Editor, RecordsNeedWhatTheyReferTo) {
  const TempDirectory directory;
  const Registry registry = Registry::open(directory.path());
  Editor editor(registry, {});
  const auto solution = record_of(solution_json(), read_solution);
  EXPECT_THROW(editor.add(solution), RegistryError);
  EXPECT_THROW(editor.add_workload(record_of(workload_json(), read_trace)), RegistryError);
  EXPECT_EQ(editor.add(record_of(definition_json(), read_definition)), Outcome::Added);
  EXPECT_THROW(editor.add_trace(record_of(trace_json(), read_trace)), RegistryError);
  EXPECT_EQ(editor.add(solution), Outcome::Added);
  EXPECT_EQ(editor.add(solution), Outcome::Same);
  EXPECT_EQ(editor.add_trace(record_of(trace_json(), read_trace)), Outcome::Added);
  EXPECT_EQ(editor.add_trace(record_of(trace_json(), read_trace)), Outcome::Same);
  editor.commit();
  EXPECT_EQ(files_of(directory.path()).size(), 3u);
}

TEST(AddFiles, TellsKindsApart) {
  const TempDirectory files, target;
  const std::vector<std::string> paths = {
      files.write("d.json", to_text(definition_json())),
      files.write("s.json", to_text(solution_json())),
      files.write("t.jsonl", to_text(workload_json()) + "\n\n" + to_text(trace_json()) + '\n')};
  const auto report = add_files(paths, Registry::open(target.path()), {});
  EXPECT_EQ(report.definitions.added + report.solutions.added, 2u);
  EXPECT_EQ(report.workloads.added + report.traces.added, 2u);
  EXPECT_EQ(files_of(target.path()).size(), 4u);
}

TEST(AddFiles, OneBadRecordAndNothingIsWritten) {
  const TempDirectory files, target;
  const std::string good = files.write("d.json", to_text(definition_json()));
  const auto problem = [&](const char* name, const std::string& text) -> std::string {
    try {
      (void)add_files({good, files.write(name, text)}, Registry::open(target.path()), {});
    } catch (const RegistryError& error) {
      return std::string(error.what()).substr(files.path().string().size() + 1);
    }
    return "";
  };
  EXPECT_EQ(problem("x.json", "{\"a\":1}").substr(0, 6), "x.json");
  EXPECT_EQ(problem("x.jsonl", "{}"),
            "x.jsonl:1: the Trace has no \"definition\"; add \"definition\": a string that is not "
            "empty");
  EXPECT_EQ(problem("x.json", "{").substr(0, 31), "x.json is not accepted as JSON:");
  EXPECT_TRUE(files_of(target.path()).empty());
}

TEST(Remove, ADefinitionTakesAllAlong) {
  const SampleRegistry sample;
  const Removal removal = plan_removal(sample.open(), "scale_h8");
  EXPECT_EQ(removal.kind, Removal::Kind::Definition);
  EXPECT_EQ(removal.solutions, 2u);
  EXPECT_EQ(removal.workloads, 1u);
  EXPECT_EQ(removal.traces, 2u);
  EXPECT_EQ(removal.blobs, 1u);
  remove(sample.open(), removal);
  EXPECT_TRUE(files_of(sample.path()).empty());
}

TEST(Remove, ASolutionTakesItsResultsAlong) {
  const SampleRegistry sample;
  remove(sample.open(), plan_removal(sample.open(), "scale_fast"));
  const Registry registry = sample.open();
  EXPECT_EQ(registry.solutions().size(), 1u);
  EXPECT_EQ(registry.traces().size(), 1u);
  EXPECT_EQ(registry.workloads().size(), 1u);
  EXPECT_TRUE(fs::exists(sample.path() / kBlob));
}

TEST(Remove, AWorkloadLeavesOtherLinesAsTheyAre) {
  const SampleRegistry sample;
  const std::string other = "  " + to_text(workload_json("w2")) + "\r\n{broken\n";
  sample.write("workloads/scale/scale_h8.jsonl", to_text(workload_json()) + '\n' + other);
  const Removal removal = plan_removal(sample.open(), "w1");
  EXPECT_EQ(removal.blobs, 0u);  // w2 names it too
  remove(sample.open(), removal);
  EXPECT_EQ(sample.read("workloads/scale/scale_h8.jsonl"), other);
  EXPECT_TRUE(sample.open().traces().empty());
}

TEST(Remove, BlobsAreOnlyFilesBelowBlob) {
  const SampleRegistry sample;
  Json workload = workload_json();
  workload["workload"]["inputs"]["indptr"]["path"] = "definitions/scale/scale_h8.json";
  sample.write("workloads/scale/scale_h8.jsonl", to_text(workload));
  fs::remove_all(sample.path() / "traces");
  EXPECT_TRUE(plan_removal(sample.open(), "w1").files.empty());
}

TEST(Remove, UnknownAndAmbiguousNames) {
  const SampleRegistry sample;
  EXPECT_THROW((void)plan_removal(sample.open(), "nobody"), RegistryError);
  sample.write("solutions/ada/scale/scale_h8/scale_h8.json", to_text(solution_json("scale_h8")));
  EXPECT_THROW((void)plan_removal(sample.open(), "scale_h8"), RegistryError);
}

}  // namespace
}  // namespace fib::registry
