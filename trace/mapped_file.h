// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "trace/records.h"

namespace fib::trace {

/// A file's bytes as they were when it was opened; empty together with an error.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  [[nodiscard]] Bytes bytes() const { return bytes_; }
  /// What is wrong and what to do, without the path; empty if all is well.
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  void map(int fd);
  void fail(int error);

  Bytes bytes_;
  std::string error_;
};

}  // namespace fib::trace
