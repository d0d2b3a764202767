// SPDX-License-Identifier: Apache-2.0
#include "trace/mapped_file.h"
#include "trace/reader.h"

namespace fib::trace {

namespace {

/// `read` gets the file's bytes and what to call it; an unreadable file is Refused.
template <typename Read>
ReadResult read_mapped(const std::filesystem::path& path, Read&& read) {
  const MappedFile file(path);
  if (file.error().empty()) return read(file.bytes(), path.string());
  ReadResult result;
  result.message = path.string() + ": " + file.error();
  return result;
}

}  // namespace

ReadResult read_log_file(const std::filesystem::path& path, Visitor& visitor) {
  return read_mapped(
      path, [&](Bytes bytes, const std::string& name) { return read_log(bytes, name, visitor); });
}

ReadResult read_raw_log_file(const std::filesystem::path& path, RawVisitor& visitor) {
  return read_mapped(path, [&](Bytes bytes, const std::string& name) {
    return read_raw_log(bytes, name, visitor);
  });
}

}  // namespace fib::trace
