// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/shim/config_fixture.h"

#include "shim/disable.h"

namespace fib::shim {
namespace {

TEST_F(ConfigTest, DoesNothingByDefault) {
  const Config& config = load();
  const recorder::Options defaults;
  EXPECT_FALSE(config.record);
  EXPECT_STREQ(config.recorder.capture_dir, defaults.capture_dir);
  EXPECT_STREQ(config.recorder.kernel_filter, "");
  EXPECT_EQ(config.recorder.ring_bytes, defaults.ring_bytes);
  EXPECT_EQ(config.recorder.definition_bytes, defaults.definition_bytes);
  EXPECT_EQ(config.recorder.image_bytes, defaults.image_bytes);
  EXPECT_EQ(config.recorder.zstd_level, defaults.zstd_level);
  EXPECT_EQ(said_, "");
}

TEST_F(ConfigTest, Environment) {
  set("FIBSHIM_MODE", "record");
  set("FIBSHIM_CAPTURE_DIR", "/captures/today");
  set("FIBSHIM_FILTER", "gemm|attention");
  const Config& config = load();
  EXPECT_TRUE(config.record);
  EXPECT_STREQ(config.recorder.capture_dir, "/captures/today");
  EXPECT_STREQ(config.recorder.kernel_filter, "gemm|attention");
  EXPECT_EQ(said_, "");
}

TEST_F(ConfigTest, StringsOutliveTheEnvironment) {
  set("FIBSHIM_CAPTURE_DIR", "/captures/today");
  const Config& config = load();
  set("FIBSHIM_CAPTURE_DIR", "/elsewhere");
  unsetenv("FIBSHIM_CAPTURE_DIR");
  EXPECT_STREQ(config.recorder.capture_dir, "/captures/today");
}

TEST_F(ConfigTest, FileOverDefaults) {
  write(R"({
    // comments are allowed
    "mode": "record", "capture_dir": "/captures", "kernel_filter": "gemm", "process_filter": "",
    "ring_bytes": 1048576, "definition_bytes": 2097152, "image_bytes": 3145728, "zstd_level": 3
  })");
  const Config& config = load();
  EXPECT_TRUE(config.record);
  EXPECT_STREQ(config.recorder.capture_dir, "/captures");
  EXPECT_STREQ(config.recorder.kernel_filter, "gemm");
  EXPECT_EQ(config.recorder.ring_bytes, 1048576u);
  EXPECT_EQ(config.recorder.definition_bytes, 2097152u);
  EXPECT_EQ(config.recorder.image_bytes, 3145728u);
  EXPECT_EQ(config.recorder.zstd_level, 3);
  EXPECT_EQ(said_, "");
}

TEST_F(ConfigTest, EnvironmentOverFile) {
  write(R"({"mode": "record", "capture_dir": "/from/file", "kernel_filter": "file"})");
  set("FIBSHIM_MODE", "off");
  set("FIBSHIM_CAPTURE_DIR", "/from/environment");
  set("FIBSHIM_FILTER", "environment");
  const Config& config = load();
  EXPECT_FALSE(config.record);
  EXPECT_STREQ(config.recorder.capture_dir, "/from/environment");
  EXPECT_STREQ(config.recorder.kernel_filter, "environment");
}

TEST_F(ConfigTest, EmptyVariableIsNotSet) {
  write(R"({"mode": "record", "capture_dir": "/from/file"})");
  set("FIBSHIM_MODE", "");
  set("FIBSHIM_CAPTURE_DIR", "");
  const Config& config = load();
  EXPECT_TRUE(config.record);
  EXPECT_STREQ(config.recorder.capture_dir, "/from/file");
}

TEST_F(ConfigTest, UnknownModeIsSaidAndPassesThrough) {
  set("FIBSHIM_MODE", "replace");
  EXPECT_FALSE(load().record);
  expect_said("'replace'");
}

TEST_F(ConfigTest, UnknownKeyIsSaidAndIgnored) {
  write(R"({"mode": "record", "ring_byte": 1048576})");
  const Config& config = load();
  EXPECT_TRUE(config.record);
  EXPECT_EQ(config.recorder.ring_bytes, recorder::Options().ring_bytes);
  expect_said("\"ring_byte\"");
}

TEST_F(ConfigTest, NumbersThatAreNoneOrOutOfRangeAreSaid) {
  const recorder::Options defaults;
  for (const char* value : {"-1", "0", "1000", "1e9", "1.5", "\"8388608\"", "true", "null", "[1]",
                            "{}", "18446744073709551615", "99999999999999999999999"}) {
    write(std::string(R"({"ring_bytes": )") + value + "}");
    EXPECT_EQ(load().recorder.ring_bytes, defaults.ring_bytes) << value;
    expect_said("\"ring_bytes\"");
  }
  for (const char* level : {"-1", "20", "\"1\""}) {
    write(std::string(R"({"zstd_level": )") + level + "}");
    EXPECT_EQ(load().recorder.zstd_level, defaults.zstd_level) << level;
    expect_said("\"zstd_level\"");
  }
}

TEST_F(ConfigTest, RangesIncludeTheirEnds) {
  for (const int level : {0, 19}) {
    write("{\"zstd_level\": " + std::to_string(level) + "}");
    EXPECT_EQ(load().recorder.zstd_level, level);
    EXPECT_EQ(said_, "");
  }
  write(R"({"ring_bytes": 65536})");
  EXPECT_EQ(load().recorder.ring_bytes, 65536u);
  EXPECT_EQ(said_, "");
}

TEST_F(ConfigTest, RingsAreAPowerOfTwo) {
  write(R"({"ring_bytes": 1000000})");
  EXPECT_EQ(load().recorder.ring_bytes, 1048576u);
  EXPECT_EQ(said_, "");
}

TEST_F(ConfigTest, TextsThatAreNoneAreSaid) {
  write(R"({"mode": "record", "capture_dir": 7})");
  const Config& config = load();
  EXPECT_TRUE(config.record);
  EXPECT_STREQ(config.recorder.capture_dir, recorder::Options().capture_dir);
  expect_said("\"capture_dir\" must be a string");
}

TEST_F(ConfigTest, EveryMistakeIsSaid) {
  write(R"({"capture_dir": 7, "zstd_level": 99, "one": 1, "two": 2})");
  (void)load();
  EXPECT_EQ(lines(), 4u) << said_;
}

TEST_F(ConfigTest, FileThatIsNoJsonIsSaid) {
  for (const char* text : {"", "{", "mode = record", "[]", "\"record\"", "7",
                           "{\"mode\": \"\xff\"}", "{\"mode\": \"record\"} trailing"}) {
    write(text);
    set("FIBSHIM_MODE", "record");
    EXPECT_TRUE(load().record) << text;  // the environment still counts
    expect_said("config.json");
  }
}

TEST_F(ConfigTest, DeeplyNestedFileIsNoDanger) {
  write(std::string(100000, '['));
  EXPECT_FALSE(load().record);
  EXPECT_EQ(lines(), 1u) << said_;
}

TEST_F(ConfigTest, FileThatCanNotBeReadIsSaid) {
  set("FIBSHIM_CONFIG", directory_ / "missing.json");
  EXPECT_FALSE(load().record);
  expect_said("No such file or directory");
  set("FIBSHIM_CONFIG", directory_);
  EXPECT_FALSE(load().record);
  expect_said("Is a directory");
}

TEST_F(ConfigTest, ProcessFilter) {
  set("FIBSHIM_MODE", "record");
  set("FIBSHIM_PROCESS", "shim_tests");
  EXPECT_TRUE(load().record);
  set("FIBSHIM_PROCESS", "^[^ ]*shim_tests( |$)");  // arguments are separated by spaces
  EXPECT_TRUE(load().record);
  set("FIBSHIM_PROCESS", "VllmWorker");
  EXPECT_FALSE(load().record);
  EXPECT_EQ(said_, "");
}

TEST_F(ConfigTest, ProcessFilterFromTheFile) {
  write(R"({"mode": "record", "process_filter": "no such process"})");
  EXPECT_FALSE(load().record);
  set("FIBSHIM_PROCESS", ".");
  EXPECT_TRUE(load().record);
}

TEST_F(ConfigTest, ProcessFilterThatIsNoExpressionIsSaid) {
  set("FIBSHIM_MODE", "record");
  set("FIBSHIM_PROCESS", "worker(");
  EXPECT_TRUE(load().record);
  expect_said("'worker('");
}

TEST_F(ConfigTest, Disable) {
  EXPECT_FALSE(is_disabled());
  for (const char* no : {"", "0"}) {
    set("FIBSHIM_DISABLE", no);
    EXPECT_FALSE(is_disabled()) << no;
  }
  for (const char* yes : {"1", "yes", "00"}) {
    set("FIBSHIM_DISABLE", yes);
    EXPECT_TRUE(is_disabled()) << yes;
  }
}

TEST_F(ConfigTest, WarningsAreForThoseWhoAskedForSomething) {
  EXPECT_FALSE(is_wanted());
  set("FIBSHIM_MODE", "off");
  EXPECT_FALSE(is_wanted());
  set("FIBSHIM_MODE", "record");
  EXPECT_TRUE(is_wanted());
  set("FIBSHIM_DISABLE", "1");
  EXPECT_FALSE(is_wanted());
  clear();
  set("FIBSHIM_CONFIG", "some.json");
  EXPECT_TRUE(is_wanted());
}

}  // namespace
}  // namespace fib::shim
