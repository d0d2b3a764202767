// SPDX-License-Identifier: Apache-2.0
// Entry point as libFuzzer wants it. The input is tried as a record of each kind, as a safetensors
// file, as Python and as an expression. A record that is accepted must survive being written.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "registry/model/python_signature.h"
#include "registry/model/safetensors.h"
#include "registry/model/shapes.h"
#include "registry/model/solution.h"
#include "registry/model/trace.h"

namespace {

using namespace fib::registry;

void require(bool condition) {
  if (!condition) std::abort();
}

template <typename Record>
std::optional<Record> read_twice(const Json& value,
                                 std::optional<Record> (*read)(const Json&, Findings&)) {
  Findings findings;
  std::optional<Record> record = read(value, findings);
  require(record.has_value() != findings.has_errors());
  if (!record) return record;
  const Json written = to_json(*record);
  const ParsedJson parsed = parse_json(to_text(written));
  require(parsed.ok());
  const std::optional<Record> again = read(parsed.value, findings);
  require(again.has_value() && same_meaning(to_json(*again), written));
  return record;
}

void try_records(std::string_view text) {
  const ParsedJson parsed = parse_json(text);
  require(parsed.ok() || parsed.error.find('\n') == std::string::npos);
  if (!parsed.ok()) return;
  const auto definition = read_twice(parsed.value, read_definition);
  if (definition) {
    const AxisScope scope(*definition, nullptr);
    for (const auto& constraint : definition->constraints) (void)evaluate(constraint, scope);
    for (const auto& [name, tensor] : definition->inputs) (void)scope.shape(tensor);
  }
  if (const auto solution = read_twice(parsed.value, read_solution)) {
    require(solution->content_hash().size() == 40);
  }
  (void)read_twice(parsed.value, read_trace);
}

void try_header(std::string_view text, std::uint64_t file_bytes) {
  const SafetensorsHeader header = read_header(text, file_bytes);
  std::uint64_t end = header.data_offset;
  for (const TensorInfo& tensor : header.tensors) {
    require(header.data_offset + tensor.begin == end);
    end += tensor.bytes();
  }
  require(!header.ok() || end == file_bytes);
}

void try_safetensors(std::span<const std::byte> bytes, std::string_view text) {
  const auto [length, problem] = header_length(bytes, bytes.size());
  if (problem.empty()) try_header(text.substr(8, length), bytes.size());
  // As a header alone, so that a length that does not fit stops nobody.
  for (const std::uint64_t data : {0, 4, 24, 64}) try_header(text, 8 + text.size() + data);
}

void try_python(std::string_view text) {
  const PythonSource source = scan_python(text);
  for (const PythonFunction& function : source.functions) (void)function.binds(3);
  (void)why_no_expression(text);
  static const Definition kNothing;
  (void)evaluate(text, AxisScope(kNothing, nullptr));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try_records(text);
  try_safetensors(bytes, text);
  try_python(text);
  return 0;
}
