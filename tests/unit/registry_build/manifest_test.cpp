// SPDX-License-Identifier: Apache-2.0
#include "registry/build/manifest.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "registry/build/sha256.h"
#include "tests/unit/registry_build/sample.h"

namespace fib::build {
namespace {

using registry::Json;
using testing::contains;

Manifest sample() {
  Entry entry;
  entry.name = "scale_rows";
  entry.registers = 12;
  entry.shared = 256;
  entry.parameters = {{{0, 8}, {8, 8}, {16, 4}}};
  Module module{"scale.cu", "module0.cubin", BinaryKind::Cubin, *arch_of("sm_90a"),
                3,          sha256("abc"),   {entry, {}}};
  module.entries[1].name = "other";
  Manifest manifest;
  manifest.key = std::string(32, 'a');
  manifest.source_key = std::string(32, 'b');
  manifest.solution = "scale_fast";
  manifest.content_hash = "c0ffee";
  manifest.arch = *arch_of("sm_90a");
  manifest.compiler = "nvrtc";
  manifest.version = "13.0.88";
  manifest.options = {"--std=c++17"};
  manifest.built = "2026-01-01T00:00:00Z";
  manifest.modules = {module};
  return manifest;
}

std::string error_of(const Json& json) { return read_manifest(registry::to_text(json)).error; }

TEST(Manifest, ReadsWhatItWrites) {
  const Json json = to_json(sample());
  const ParsedManifest parsed = read_manifest(registry::to_text(json, 2));
  ASSERT_TRUE(parsed.manifest) << parsed.error;
  EXPECT_EQ(to_json(*parsed.manifest), json);
  const Module* const module = parsed.manifest->module("scale.cu");
  ASSERT_NE(module, nullptr);
  EXPECT_EQ(module->entry("scale_rows")->registers, 12u);
  EXPECT_FALSE(module->entry("other")->parameters);
  EXPECT_EQ(module->entry("none"), nullptr);
  EXPECT_EQ(parsed.manifest->module("none"), nullptr);
}

TEST(Manifest, RefusesWhatWouldLeadAnywhere) {
  const auto with = [](auto&& change) {
    Json json = to_json(sample());
    change(json);
    return error_of(json);
  };
  EXPECT_TRUE(contains(with([](Json& j) { j["format"] = 2; }), "/format: is not 1"));
  EXPECT_TRUE(contains(with([](Json& j) { j["modules"][0]["file"] = "../x"; }), "/modules/0/file"));
  EXPECT_TRUE(contains(with([](Json& j) { j["modules"][0]["file"] = "build.json"; }), "/file"));
  EXPECT_TRUE(contains(with([](Json& j) { j["modules"][0]["sha256"] = "00"; }), "64 hexadecimal"));
  EXPECT_TRUE(contains(with([](Json& j) { j["key"] = std::string(32, 'G'); }), "/key"));
  EXPECT_TRUE(contains(with([](Json& j) { j["modules"][0]["bytes"] = -1; }), "/bytes"));
  EXPECT_TRUE(contains(with([](Json& j) { j["modules"][0]["arch"] = "gfx90a"; }), "/arch"));
  EXPECT_TRUE(contains(with([](Json& j) { j["modules"] = 7; }), "/modules"));
  EXPECT_TRUE(contains(with([](Json& j) { j["modules"][0]["entries"][0]["parameters"][0] = "x"; }),
                       "parameters"));
  EXPECT_TRUE(contains(read_manifest("{").error, "is no JSON"));
}

TEST(Manifest, KnowsItsFiles) {
  const Manifest manifest = sample();
  const std::string good = "abc", other = "abd", longer = "abcd";
  EXPECT_TRUE(is_intact(manifest.modules[0], std::as_bytes(std::span(good))));
  EXPECT_FALSE(is_intact(manifest.modules[0], std::as_bytes(std::span(other))));
  EXPECT_FALSE(is_intact(manifest.modules[0], std::as_bytes(std::span(longer))));
}

TEST(Manifest, TheClosestAndThenTheNewestIsChosen) {
  std::vector<Manifest> builds(4, sample());
  builds[0].arch = *arch_of("sm_90");
  builds[1].built = "2026-01-02T00:00:00Z";
  builds[2].arch = *arch_of("compute_80");
  builds[2].built = "2027-01-02T00:00:00Z";
  EXPECT_EQ(choose(builds, {9, 0}), &builds[1]);
  EXPECT_EQ(choose(builds, {10, 0}), &builds[2]);
  EXPECT_EQ(choose(builds, {7, 0}), nullptr);
  EXPECT_EQ(choose({}, {9, 0}), nullptr);
}

TEST(Keys, ChangeWithAllThatMatters) {
  const Json json = testing::cuda_json();
  const std::string key = source_key(testing::solution_of(json));
  EXPECT_EQ(key.size(), 32u);
  const auto with = [&](auto&& change) {
    Json copy = json;
    change(copy);
    return source_key(testing::solution_of(copy));
  };
  EXPECT_EQ(with([](Json& j) { j["author"] = "bob"; }), key);
  EXPECT_EQ(with([](Json& j) { j["spec"]["launch"]["kernels"][0]["grid"] = {1}; }), key);
  EXPECT_NE(with([](Json& j) { j["sources"][1]["content"] = "//\n"; }), key);
  EXPECT_NE(with([](Json& j) { j["sources"][1]["encoding"] = "base64"; }), key);
  EXPECT_NE(with([](Json& j) { j["sources"][1]["path"] = "kernels/other.cuh"; }), key);
  EXPECT_NE(with([](Json& j) { j["spec"]["launch"]["build"]["options"] = {"-DX"}; }), key);
  const BuildIdentity identity{key, *arch_of("sm_90a"), "nvrtc", "13.0.88", {"-DA", "-DB"}};
  const std::string build = build_key(identity);
  const auto other = [&](auto&& change) {
    BuildIdentity copy = identity;
    change(copy);
    return build_key(copy) != build;
  };
  EXPECT_TRUE(other([](BuildIdentity& it) { it.arch = *arch_of("sm_90"); }));
  EXPECT_TRUE(other([](BuildIdentity& it) { it.version = "13.0.89"; }));
  EXPECT_TRUE(other([](BuildIdentity& it) { it.options = {"-DA-DB"}; }));
  EXPECT_TRUE(other([](BuildIdentity& it) { it.source_key += 'x'; }));
  EXPECT_FALSE(other([](BuildIdentity&) {}));
}

TEST(Cache, LiesWhereItIsLookedFor) {
  namespace fs = std::filesystem;
  EXPECT_EQ(cache_roots("/r", "/c"), std::vector<fs::path>{"/c"});
  setenv("XDG_CACHE_HOME", "/x", 1);
  EXPECT_EQ(cache_roots("/r", ""), (std::vector<fs::path>{"/r/.fib/build", "/x/fibshim/build"}));
  setenv("XDG_CACHE_HOME", "relative", 1);
  setenv("HOME", "/h", 1);
  EXPECT_EQ(cache_roots("/r", "").back(), "/h/.cache/fibshim/build");
  unsetenv("XDG_CACHE_HOME");
  EXPECT_EQ(builds_of("/c", "key"), "/c/key");
}

}  // namespace
}  // namespace fib::build
