// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "dispatch/deployment.h"

/// A registry in memory: one Definition, the engine's kernel for it (dispatch_kernels.cpp), and
/// candidates, one of which the policy names.
namespace fib::dispatch::testing {

inline std::string kernels_image() {
  std::ifstream file(FIB_SIM_DIR "/dispatch_kernels.simcubin", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline match::DefinitionSpec add_definition() {
  match::DefinitionSpec spec;
  spec.name = "add";
  spec.axes = {{"n", {}}};
  spec.inputs = {{"x", "float32", 32, false, {"n"}}};
  spec.outputs = {{"y", "float32", 32, false, {"n"}}};
  return spec;
}

inline match::RuleSpec add_rule() {
  match::RuleSpec rule;
  rule.origin = "bindings/add.json";
  rule.name = "engine";
  rule.definition = "add";
  rule.pattern = "engine_add";
  rule.layout = {{{0, 8}, {8, 8}, {16, 4}}};
  rule.axes = {{"n", "param(2, 0, i32)", {}}};
  rule.inputs = {{"x", "param(0, 0, ptr)", "", "", {}, false}};
  rule.outputs = {{"y", "param(1, 0, ptr)", "", "", {}, false}};
  return rule;
}

/// One kernel of a candidate, over blocks of 64.
inline match::KernelLaunchSpec add_kernel(const std::string& entry, const std::string& in = "x",
                                          const std::string& out = "y") {
  match::KernelLaunchSpec kernel;
  kernel.entry = entry;
  kernel.module = "kernels";
  kernel.grid = {"ceil_div(n, 64)"};
  kernel.block = {"64"};
  kernel.arguments.resize(3);
  kernel.arguments[0].value = in;
  kernel.arguments[1].value = out;
  kernel.arguments[2].value = "n";
  kernel.arguments[2].type = match::Scalar::I32;
  return kernel;
}

inline match::CandidateSpec add_candidate(const std::string& name) {
  match::CandidateSpec candidate;
  candidate.origin = "solutions/" + name + ".json";
  candidate.name = name;
  candidate.definition = "add";
  candidate.launch.kernels = {add_kernel(name)};
  return candidate;
}

/// Two kernels that hand their data over in a workspace.
inline match::CandidateSpec staged_candidate() {
  match::CandidateSpec candidate = add_candidate("staged");
  candidate.launch.kernels = {add_kernel("copy_in", "x", "workspace"),
                              add_kernel("copy_out", "workspace", "y")};
  candidate.launch.workspace = "n * 4";
  candidate.in_place = {{"y", "x"}};
  return candidate;
}

/// All candidates of the module, with `pinned` as the one to use.
inline match::TableSpec add_spec(const std::string& pinned) {
  match::TableSpec spec;
  spec.definitions = {add_definition()};
  spec.rules = {add_rule()};
  spec.candidates = {add_candidate("add_100"), add_candidate("add_200"), staged_candidate(),
                     add_candidate("add_narrow")};
  spec.candidates.back().launch.kernels[0].entry = "_Z10add_narrowPKfPfi";
  spec.policies["add"].pin = pinned;
  return spec;
}

/// `fingerprint` is of all candidates.
inline std::unique_ptr<Deployment> deployment_of(const match::TableSpec& spec,
                                                 const std::string& fingerprint = "first") {
  auto deployment = std::make_unique<Deployment>();
  std::vector<match::Problem> problems;
  deployment->origin = "memory";
  deployment->table = match::MatchTable::build(spec, problems);
  static const std::string image = kernels_image();
  for (std::size_t i = 0; i < deployment->table->candidates(); ++i) {
    CandidateCode code;
    code.images = {{"kernels", 0, image}};
    code.tolerances = {{"float32", 1e-4, 1e-3}};
    code.fingerprint = fingerprint;
    deployment->candidates.push_back(std::move(code));
  }
  return deployment;
}

inline std::unique_ptr<Deployment> add_deployment(const std::string& pinned,
                                                  const std::string& fingerprint = "first") {
  return deployment_of(add_spec(pinned), fingerprint);
}

}  // namespace fib::dispatch::testing
