// SPDX-License-Identifier: Apache-2.0
//
// Records from JSON and back. `broken` changes one thing of a good record.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "tests/unit/registry/sample.h"

namespace fib::registry {
namespace {

using testing::definition_json;
using testing::solution_json;
using testing::trace_json;
using testing::workload_json;

using Change = std::function<void(Json&)>;

template <typename Read>
std::string first_problem(Json value, Read read, const Change& change) {
  change(value);
  Findings findings;
  const auto record = read(value, findings);
  EXPECT_EQ(record.has_value(), !findings.has_errors());
  if (findings.list().empty()) return "";
  EXPECT_FALSE(findings.list()[0].remedy.empty());
  return findings.list()[0].pointer + ": " + findings.list()[0].message;
}

std::string definition_problem(const Change& change) {
  return first_problem(definition_json(), read_definition, change);
}
std::string solution_problem(const Change& change) {
  return first_problem(solution_json(), read_solution, change);
}
std::string trace_problem(const Change& change) {
  return first_problem(trace_json(), read_trace, change);
}

template <typename Read>
Json written_again(const Json& value, Read read) {
  Findings findings;
  const auto record = read(value, findings);
  EXPECT_TRUE(record.has_value()) << (findings.list().empty() ? "" : findings.list()[0].message);
  return record ? to_json(*record) : Json();
}

TEST(Definition, HasAllFields) {
  Findings findings;
  const auto definition = read_definition(definition_json(), findings);
  ASSERT_TRUE(definition);
  EXPECT_EQ(definition->axes.find("width")->value, 8);
  EXPECT_EQ(definition->axes.find("rows")->kind, Axis::Kind::Var);
  EXPECT_EQ(definition->inputs[2].first, "factor");
  EXPECT_TRUE(definition->inputs[2].second.is_scalar());
  EXPECT_EQ(definition->outputs.find("y")->dtype, DType::BFloat16);
  EXPECT_EQ(definition->tag_values("status"), std::vector<std::string>{"draft"});
  EXPECT_EQ(definition->constraints.size(), 3u);
}

TEST(Definition, ComesBackInItsOrderWithWhatWeDoNotKnow) {
  const Json known = definition_json();
  Json value = {{"later", {1, {{"x", nullptr}}}}};
  for (const auto& [key, member] : known.items()) value[key] = member;
  value["axes"]["rows"]["colour"] = "red";
  value["axes"]["ends"].erase("type");
  value["inputs"]["x"]["strides"] = {8, 1};
  value["description"] = nullptr;
  EXPECT_EQ(to_text(written_again(value, read_definition)), to_text(value));
}

TEST(Definition, BuiltInMemoryIsWhatUpstreamReads) {
  Definition definition;
  definition.name = definition.op_type = "copy";
  definition.axes.add("n", Axis{});
  definition.inputs.add("x", {std::vector<std::string>{"n"}, DType::Float8E4M3, {}, {}});
  definition.reference = "def run(x): return x";
  EXPECT_EQ(to_text(to_json(definition)),
            R"({"name":"copy","op_type":"copy","axes":{"n":{"type":"var"}},)"
            R"("inputs":{"x":{"shape":["n"],"dtype":"float8_e4m3fn"}},"outputs":{},)"
            R"("reference":"def run(x): return x"})");
}

TEST(Definition, AcceptsWhatUpstreamAccepts) {
  EXPECT_EQ(definition_problem([](Json& d) { d["axes"]["width"]["value"] = 0; }), "");
  EXPECT_EQ(definition_problem([](Json& d) { d["axes"]["width"]["value"] = 8.0; }), "");
  EXPECT_EQ(definition_problem([](Json& d) { d["name"] = "a/b c"; }), "");
  EXPECT_EQ(definition_problem([](Json& d) { d["outputs"] = Json::object(); }), "");
  EXPECT_EQ(definition_problem([](Json& d) { d["constraints"] = {"undefined_name > 3"}; }), "");
  EXPECT_EQ(definition_problem([](Json& d) { d["inputs"]["x"]["shape"] = Json::array(); }), "");
}

TEST(Definition, RefusesWhatUpstreamRefuses) {
  EXPECT_EQ(definition_problem([](Json& d) { d.erase("name"); }),
            ": the Definition has no \"name\"");
  EXPECT_EQ(definition_problem([](Json& d) { d["op_type"] = ""; }),
            "/op_type: \"op_type\" of the Definition is an empty string");
  EXPECT_EQ(definition_problem([](Json& d) { d["axes"]["width"]["value"] = -1; }),
            "/axes/width/value: \"value\" of the axis is the number -1");
  EXPECT_EQ(definition_problem([](Json& d) { d["axes"]["width"]["type"] = "dynamic"; }),
            "/axes/width/type: the axis is of type \"dynamic\"");
  EXPECT_EQ(definition_problem([](Json& d) { d["inputs"]["x"].erase("shape"); }),
            "/inputs/x: the tensor has no \"shape\"");
  EXPECT_EQ(definition_problem([](Json& d) { d["inputs"]["x"]["dtype"] = "uint8"; }),
            "/inputs/x/dtype: \"dtype\" of the tensor is \"uint8\"");
  EXPECT_EQ(definition_problem([](Json& d) { d["inputs"]["x"]["shape"][0] = "columns"; }),
            "/inputs/x/shape/0: the shape of \"x\" names \"columns\", which is no axis");
  EXPECT_EQ(definition_problem([](Json& d) { d["outputs"]["x"] = d["outputs"]["y"]; }),
            "/outputs/x: \"x\" is an input and an output");
  EXPECT_EQ(definition_problem([](Json& d) { d["tags"] = nullptr; }),
            "/tags: \"tags\" of the Definition is null");
  EXPECT_EQ(definition_problem([](Json& d) { d["constraints"][0] = "rows =="; }),
            "/constraints/0: is no Python expression: it ends with \"==\"");
  EXPECT_EQ(definition_problem([](Json& d) { d["reference"] = "async def run(): pass"; }),
            "/reference: has no top-level function run");
  EXPECT_EQ(definition_problem([](Json& d) { d["reference"] = "def run(x:\n  pass"; }),
            "/reference: is no Python source: a bracket is never closed (line 2)");
  EXPECT_EQ(definition_problem([](Json& d) { d = Json::array(); }), ": the Definition is an array");
}

TEST(Definition, RefusesMoreNamesThanAnybodyNeeds) {
  const auto problem = definition_problem([](Json& d) {
    for (int i = 0; i < 1100; ++i) d["axes"]["a" + std::to_string(i)] = {{"type", "var"}};
  });
  EXPECT_EQ(problem, "/axes: has 1103 members");
}

TEST(Workload, TellsKindsApartWithoutTypes) {
  Json value = workload_json();
  Json& inputs = value["workload"]["inputs"];
  inputs["x"] = Json::object();
  inputs["factor"] = {{"value", true}};
  inputs["indptr"].erase("type");
  Findings findings;
  const auto trace = read_trace(value, findings);
  ASSERT_TRUE(trace);
  const auto& read = trace->workload.inputs;
  EXPECT_TRUE(read.find("x")->is_random());
  ASSERT_NE(read.find("factor")->scalar(), nullptr);
  EXPECT_TRUE(std::get<bool>(read.find("factor")->scalar()->value));
  ASSERT_NE(read.find("indptr")->tensor(), nullptr);
  EXPECT_EQ(to_text(to_json(*trace)), to_text(value));
}

TEST(Workload, KeepsIntegersRealsAndTruthValuesApart) {
  for (const char* value : {"3", "3.0", "true", "-9223372036854775808", "\"Infinity\""}) {
    Json json = workload_json();
    json["workload"]["inputs"]["factor"]["value"] = parse_json(value).value;
    EXPECT_EQ(to_text(written_again(json, read_trace)["workload"]["inputs"]["factor"]["value"]),
              value);
  }
}

TEST(Workload, RefusesWhatUpstreamRefuses) {
  EXPECT_EQ(trace_problem([](Json& t) { t["workload"]["axes"]["rows"] = -1; }),
            "/workload/axes/rows: the axis is the number -1");
  EXPECT_EQ(trace_problem([](Json& t) { t["workload"]["uuid"] = ""; }),
            "/workload/uuid: \"uuid\" of the workload is an empty string");
  EXPECT_EQ(trace_problem([](Json& t) { t["workload"]["inputs"]["x"]["type"] = "zeros"; }),
            "/workload/inputs/x/type: the input is of type \"zeros\"");
  EXPECT_EQ(trace_problem([](Json& t) { t["workload"]["inputs"]["factor"]["value"] = "one"; }),
            "/workload/inputs/factor/value: the scalar is a string");
  EXPECT_EQ(trace_problem([](Json& t) { t["workload"]["inputs"]["indptr"].erase("path"); }),
            "/workload/inputs/indptr: the input has no \"path\"");
}

TEST(Solution, HasDefaultsAndKeepsOurLaunchBlock) {
  Findings findings;
  const auto solution = read_solution(solution_json(), findings);
  ASSERT_TRUE(solution);
  EXPECT_TRUE(solution->spec.destination_passing_style);
  EXPECT_FALSE(solution->spec.binding);
  EXPECT_EQ(solution->spec.entry_file(), "main.cu");
  EXPECT_EQ(solution->spec.entry_symbol(), "run");
  ASSERT_NE(solution->spec.members.unknown("launch"), nullptr);
  EXPECT_EQ(to_text(to_json(*solution)), to_text(solution_json()));
}

TEST(Solution, RefusesWhatUpstreamRefuses) {
  EXPECT_EQ(solution_problem([](Json& s) { s["spec"]["language"] = "ptx"; }),
            "/spec/language: \"language\" of the spec is \"ptx\"");
  EXPECT_EQ(solution_problem([](Json& s) { s["spec"]["target_hardware"] = Json::array(); }),
            "/spec/target_hardware: is empty");
  EXPECT_EQ(solution_problem([](Json& s) { s["spec"]["entry_point"] = "main.cu:run"; }),
            "/spec/entry_point: \"main.cu:run\" is no entry point");
  EXPECT_EQ(solution_problem([](Json& s) { s["spec"]["entry_point"] = "a::b::c"; }),
            "/spec/entry_point: \"a::b::c\" is no entry point");
  EXPECT_EQ(solution_problem([](Json& s) { s["spec"]["entry_point"] = "other.cu::run"; }),
            "/spec/entry_point: \"other.cu\" is none of the sources");
  EXPECT_EQ(solution_problem([](Json& s) { s["spec"]["binding"] = "pybind"; }),
            "/spec/binding: \"binding\" of the spec is \"pybind\"");
  EXPECT_EQ(solution_problem([](Json& s) { s["sources"][0]["path"] = "a/../../b"; }),
            "/sources/0/path: \"a/../../b\" leaves the solution's directory");
  EXPECT_EQ(solution_problem([](Json& s) { s["sources"][0]["path"] = "/etc/passwd"; }),
            "/sources/0/path: \"/etc/passwd\" leaves the solution's directory");
  EXPECT_EQ(solution_problem([](Json& s) { s["sources"].push_back(s["sources"][0]); }),
            "/sources/1/path: \"main.cu\" occurs twice");
  EXPECT_EQ(solution_problem([](Json& s) { s["sources"] = Json::array(); }), "/sources: is empty");
}

// The values come from FlashInfer-Bench itself (Solution.hash() at 40e6ca78).
TEST(Solution, HasUpstreamsContentHash) {
  Json value = {{"name", "n"},
                {"definition", "rmsnorm_h8"},
                {"author", "me"},
                {"spec",
                 {{"language", "cuda"},
                  {"target_hardware", {"cuda"}},
                  {"entry_point", "k.cu::run"},
                  {"dependencies", {"cublas", "cutlass"}},
                  {"binding", "torch"}}},
                {"sources", Json::array({{{"path", "k.cu"}, {"content", "äöü\n"}},
                                         {{"path", "b.h"}, {"content", "x"}}})}};
  Findings findings;
  EXPECT_EQ(read_solution(value, findings)->content_hash(),
            "cc7e3779538f371ebb9011987f9b926b49cb0093");
  value["spec"].erase("binding");
  value["spec"]["destination_passing_style"] = false;
  value["name"] = "other";
  EXPECT_EQ(read_solution(value, findings)->content_hash(),
            "6d7cfffe94f0fa1a1ac40671c8cdfaa6669973f8");
}

TEST(Trace, ComesBackAsItWas) {
  Json value = trace_json();
  value["evaluation"]["correctness"]["extra"] = {{"tvd", 0.1}};
  value["evaluation"]["correctness"]["max_relative_error"] = "NaN";
  value["evaluation"]["performance"]["samples"] = {1, 2};
  EXPECT_EQ(to_text(written_again(value, read_trace)), to_text(value));
  value["evaluation"]["performance"].erase("latency_ms");
  EXPECT_EQ(to_text(written_again(value, read_trace)), to_text(value));
  Findings findings;
  const auto trace = read_trace(value, findings);
  EXPECT_TRUE(std::isnan(trace->evaluation->correctness->max_relative_error));
  EXPECT_FALSE(trace->is_workload());
}

TEST(Trace, NewOnesHaveTheirNulls) {
  Trace trace;
  trace.definition = "d";
  trace.workload.uuid = "u";
  EXPECT_EQ(to_text(to_json(trace)),
            R"({"definition":"d","workload":{"axes":{},"inputs":{},"uuid":"u"},)"
            R"("solution":null,"evaluation":null})");
}

TEST(Trace, StatusSaysWhichResultsThereAre) {
  const auto problem = [](const char* status, bool correctness, bool performance) {
    return trace_problem([&](Json& t) {
      Json& evaluation = t["evaluation"];
      evaluation["status"] = status;
      if (!correctness) evaluation["correctness"] = nullptr;
      if (!performance) evaluation.erase("performance");
    });
  };
  EXPECT_EQ(problem("PASSED", true, true), "");
  EXPECT_EQ(problem("INCORRECT_NUMERICAL", true, false), "");
  EXPECT_EQ(problem("TIMEOUT", false, false), "");
  EXPECT_EQ(problem("PASSED", true, false),
            "/evaluation: an evaluation PASSED has no \"performance\"");
  EXPECT_EQ(problem("PASSED", false, true),
            "/evaluation: an evaluation PASSED has no \"correctness\"");
  EXPECT_EQ(problem("INCORRECT_NUMERICAL", true, true),
            "/evaluation/performance: an evaluation INCORRECT_NUMERICAL has \"performance\"");
  EXPECT_EQ(problem("COMPILE_ERROR", true, false),
            "/evaluation/correctness: an evaluation COMPILE_ERROR has \"correctness\"");
}

TEST(Trace, RefusesWhatUpstreamRefuses) {
  const auto performance = [](const char* key, Json value) {
    return trace_problem([&](Json& t) { t["evaluation"]["performance"][key] = value; });
  };
  EXPECT_EQ(performance("latency_ms", "NaN"),
            "/evaluation/performance/latency_ms: \"latency_ms\" is \"NaN\"");
  EXPECT_EQ(performance("speedup_factor", -1),
            "/evaluation/performance/speedup_factor: \"speedup_factor\" is -1.0");
  EXPECT_EQ(performance("latency_ms", "Infinity"), "");
  EXPECT_EQ(trace_problem([](Json& t) { t["evaluation"]["status"] = "FINE"; }),
            "/evaluation/status: \"status\" of the evaluation is \"FINE\"");
  EXPECT_EQ(trace_problem([](Json& t) { t["evaluation"]["environment"]["hardware"] = ""; }),
            "/evaluation/environment/hardware: \"hardware\" of the environment is an empty string");
  EXPECT_EQ(trace_problem([](Json& t) { t["evaluation"]["environment"]["libs"]["x"] = 1; }),
            "/evaluation/environment/libs/x: is the number 1");
  EXPECT_EQ(trace_problem([](Json& t) { t["evaluation"]["log"] = nullptr; }),
            "/evaluation/log: is null");
}

}  // namespace
}  // namespace fib::registry
