// SPDX-License-Identifier: Apache-2.0
// Entry point as libFuzzer wants it. The input is tried as a whole log, as the records of a chunk
// and as a compressed payload: checksums would keep a fuzzer from ever getting to the latter two.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>

#include "tests/unit/trace/log_builder.h"
#include "tests/unit/trace/text_dump.h"
#include "trace/api_args.h"

namespace {

using namespace fib::trace;
using namespace fib::trace::testing;

/// Touches every byte that is delivered, and binds the arguments of calls.
class TouchingVisitor final : public TextDump {
 public:
  void on_api(const Api& api) override {
    args_[api.api] = api.args;
    TextDump::on_api(api);
  }
  void on_call(std::uint32_t thread, const Call& call) override {
    const auto specs = parse_api_args(args_[call.fixed.api]);
    for (const auto& arg : bind_args(specs, call).args) {
      for (const std::byte byte : arg.blob) sum_ = sum_ + std::to_integer<unsigned>(byte);
    }
    TextDump::on_call(thread, call);
  }

 private:
  std::map<std::uint16_t, std::string> args_;
  volatile unsigned sum_ = 0;
};

void read(Bytes log) {
  TouchingVisitor visitor;
  (void)read_log(log, "input", visitor);
}

void read_as_records(Bytes input) {
  LogBuilder log;
  log.records(input).end();
  read(log.bytes);
}

/// The first four bytes say how long the rest claims to become.
void read_as_compressed(Bytes input) {
  if (input.size() < 4) return;
  ChunkHeader header{};
  header.type = static_cast<std::uint16_t>(ChunkType::Records);
  header.flags = kChunkZstd;
  std::memcpy(&header.raw_bytes, input.data(), sizeof header.raw_bytes);
  LogBuilder log;
  log.chunk(header, input.subspan(4));
  read(log.bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input = std::as_bytes(std::span(data, size));
  read(input);
  read_as_records(input);
  read_as_compressed(input);
  return 0;
}
