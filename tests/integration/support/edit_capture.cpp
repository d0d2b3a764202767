// SPDX-License-Identifier: Apache-2.0
//
// Changes one thing in a log, with all checksums right afterwards:
//   edit_capture LOG param N OFFSET   flips a bit of a parameter byte of the Nth launch that ran
//   edit_capture LOG grid N X         its grid
//   edit_capture LOG version V        the version of the format
// It finds launches by itself rather than through our reader's records, which are read-only.

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "trace/checksum.h"
#include "trace/chunk_scanner.h"
#include "trace/inflate.h"

namespace {

using namespace fib::trace;
using Buffer = std::vector<std::byte>;

struct Edit {
  std::string what;
  unsigned long number = 0, value = 0;
};

Buffer read(const char* path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  const auto* data = reinterpret_cast<const std::byte*>(bytes.data());
  return {data, data + bytes.size()};
}

template <class T>
void append(Buffer& out, const T& value) {
  const auto* data = reinterpret_cast<const std::byte*>(&value);
  out.insert(out.end(), data, data + sizeof value);
}

bool ran(const std::byte* record) {
  RecordHeader header;
  LaunchRecord launch;
  std::memcpy(&header, record, sizeof header);
  if (header.type != static_cast<std::uint16_t>(RecordType::Launch)) return false;
  std::memcpy(&launch, record + sizeof header, sizeof launch);
  return launch.result == 0 && (header.flags & kLaunchCaptured) == 0;
}

void change(std::byte* record, const Edit& edit) {
  std::byte* launch = record + sizeof(RecordHeader);
  if (edit.what == "grid") {
    const auto grid = static_cast<std::uint32_t>(edit.value);
    std::memcpy(launch + offsetof(LaunchRecord, grid), &grid, sizeof grid);
  } else {
    launch[sizeof(LaunchRecord) + edit.value] ^= std::byte{1};
  }
}

/// Walks over the records of a chunk; `seen` counts launches over all chunks.
bool change_in(Buffer& raw, const Edit& edit, unsigned long& seen) {
  for (std::size_t at = sizeof(RecordsPrefix); at + sizeof(RecordHeader) <= raw.size();) {
    RecordHeader header;
    std::memcpy(&header, &raw[at], sizeof header);
    if (header.bytes == 0) return false;
    if (ran(&raw[at]) && ++seen == edit.number) {
      change(&raw[at], edit);
      return true;
    }
    at += header.bytes;
  }
  return false;
}

/// The log with all chunks stored as they are, one record changed; empty if there is no such one.
Buffer with_launch_changed(const Buffer& log, const Edit& edit) {
  FileHeader file;
  std::memcpy(&file, log.data(), sizeof file);
  Buffer out(log.begin(), log.begin() + file.header_bytes);
  ChunkScanner scanner(log, file.header_bytes);
  Inflater inflater;
  ChunkView chunk;
  unsigned long seen = 0;
  bool done = false;
  while (scanner.next(chunk)) {
    Bytes payload;
    if (inflater.inflate(chunk, payload) != InflateStatus::Done) return {};
    Buffer raw(payload.begin(), payload.end());
    if (chunk.header.type == static_cast<std::uint16_t>(ChunkType::Records) && !done)
      done = change_in(raw, edit, seen);
    ChunkHeader header = chunk.header;
    header.flags = 0;
    header.stored_bytes = header.raw_bytes = static_cast<std::uint32_t>(raw.size());
    header.checksum = chunk_checksum(header, raw);
    append(out, header);
    out.insert(out.end(), raw.begin(), raw.end());
  }
  return done ? out : Buffer{};
}

Buffer with_version(Buffer log, unsigned long version) {
  FileHeader file;
  std::memcpy(&file, log.data(), sizeof file);
  file.version = static_cast<std::uint16_t>(version);
  file.checksum = file_checksum(file);
  std::memcpy(log.data(), &file, sizeof file);
  return log;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: edit_capture LOG param N OFFSET | grid N X | version V\n");
    return 2;
  }
  const Edit edit{argv[2], std::strtoul(argv[3], nullptr, 0),
                  argc > 4 ? std::strtoul(argv[4], nullptr, 0) : 0};
  Buffer log = read(argv[1]);
  if (log.size() < sizeof(FileHeader)) return 1;
  log = edit.what == "version" ? with_version(std::move(log), edit.number)
                               : with_launch_changed(log, edit);
  if (log.empty()) {
    std::fprintf(stderr, "edit_capture: there is no such launch\n");
    return 1;
  }
  std::ofstream(argv[1], std::ios::binary)
      .write(reinterpret_cast<const char*>(log.data()), static_cast<std::streamsize>(log.size()));
  return 0;
}
