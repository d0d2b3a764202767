// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "shim/config.h"

namespace fib::shim {

/// Configurations live for ever, as in a process of a user; kept, so that they are no leaks.
inline std::vector<const Config*>& kept() {
  static auto* const list = new std::vector<const Config*>;
  return *list;
}

/// No variables of ours, and a file to write a configuration to.
class ConfigTest : public testing::Test {
 protected:
  static constexpr const char* kVariables[] = {
      "FIBSHIM_MODE",     "FIBSHIM_CAPTURE_DIR", "FIBSHIM_FILTER", "FIBSHIM_PROCESS",
      "FIBSHIM_CONFIG",   "FIBSHIM_DISABLE",     "FIBSHIM_SHADOW", "FIBSHIM_REPORT",
      "FIB_DATASET_PATH", "FIB_CACHE_PATH"};
  ConfigTest() {
    clear();
    std::string name = (std::filesystem::temp_directory_path() / "fib-config-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }
  ~ConfigTest() override {
    clear();
    std::filesystem::remove_all(directory_);
  }
  static void clear() {
    for (const char* variable : kVariables) unsetenv(variable);
  }
  static void set(const char* variable, const std::string& value) {
    setenv(variable, value.c_str(), 1);
  }
  /// Points FIBSHIM_CONFIG at a file with this text.
  void write(const std::string& text) {
    const std::filesystem::path path = directory_ / "config.json";
    std::ofstream(path, std::ios::binary) << text;
    set("FIBSHIM_CONFIG", path);
  }
  /// Reads the configuration; said_ is what was said meanwhile.
  const Config& load() {
    testing::internal::CaptureStderr();
    const Config* config = load_config();
    said_ = testing::internal::GetCapturedStderr();
    if (config == nullptr) throw std::runtime_error("no configuration");
    kept().push_back(config);
    return *config;
  }
  [[nodiscard]] std::size_t lines() const {
    return static_cast<std::size_t>(std::count(said_.begin(), said_.end(), '\n'));
  }
  /// One line, and it names this.
  void expect_said(const std::string& what) const {
    EXPECT_EQ(lines(), 1u) << said_;
    EXPECT_EQ(said_.find("fibshim: "), 0u) << said_;
    EXPECT_NE(said_.find(what), std::string::npos) << said_;
  }

  std::filesystem::path directory_;
  std::string said_;
};

}  // namespace fib::shim
