// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "registry/model/constraint.h"
#include "registry/model/named.h"

/// Files of tensors: 8 bytes of length, a JSON header of that length, then the data.
namespace fib::registry {

/// One tensor of a file.
struct TensorInfo {
  std::string name;
  std::string dtype;  ///< "F32", "BF16", "F8_E4M3" ...
  std::vector<std::uint64_t> shape;
  std::uint64_t begin = 0, end = 0;  ///< bytes, from the beginning of the data
  bool aligned = true;               ///< begins in the file at a multiple of its element's size

  [[nodiscard]] std::uint64_t bytes() const { return end - begin; }
};

struct SafetensorsHeader {
  std::vector<TensorInfo> tensors;                     ///< by `begin`
  std::unordered_map<std::string, std::size_t> index;  ///< into `tensors`, by name
  Named<std::string> metadata;
  std::uint64_t data_offset = 0;  ///< of the data in the file
  std::string error;              ///< what is wrong with the file, on one line; empty if nothing

  [[nodiscard]] bool ok() const { return error.empty(); }
  [[nodiscard]] const TensorInfo* find(std::string_view name) const;
};

/// Bits of one element of the type with this code; nothing for an unknown code.
[[nodiscard]] std::optional<unsigned> bits_of_code(std::string_view code);

/// The length of the header that these first 8 bytes of a file announce, or why it is refused.
/// A header may have 100 MB, as upstream's own reader has it.
[[nodiscard]] std::pair<std::uint64_t, std::string> header_length(std::span<const std::byte> first,
                                                                  std::uint64_t file_bytes);

/// Reads the header of a file of `file_bytes`. Checks what upstream's reader checks: shapes and
/// offsets agree, tensors lie back to back and fill the data; and that no name occurs twice.
[[nodiscard]] SafetensorsHeader read_header(std::string_view text, std::uint64_t file_bytes);

/// A file, its data mapped. A file that somebody cuts while it is open takes the process with it
/// (SIGBUS) when the lost part is read, so registries are for programs that can afford that.
class SafetensorsFile {
 public:
  explicit SafetensorsFile(const std::filesystem::path& path);
  ~SafetensorsFile();
  SafetensorsFile(const SafetensorsFile&) = delete;
  SafetensorsFile& operator=(const SafetensorsFile&) = delete;

  /// With its `error`, after which there are no tensors.
  [[nodiscard]] const SafetensorsHeader& header() const { return header_; }
  /// Bytes of a tensor of this file; valid as long as the file.
  [[nodiscard]] std::span<const std::byte> bytes(const TensorInfo& tensor) const;
  /// Element `index` of a tensor of integers, truth values, F32 or F64; nothing for other types or
  /// beyond the end.
  [[nodiscard]] std::optional<Number> element(const TensorInfo& tensor, std::uint64_t index) const;

 private:
  void read(int fd);
  void fail(std::string error);

  SafetensorsHeader header_;
  std::span<const std::byte> file_;
};

/// A tensor to write; `bytes` belongs to the caller.
struct TensorData {
  std::string name;
  std::string dtype;
  std::vector<std::uint64_t> shape;
  std::span<const std::byte> bytes;
};

/// Header and order of data of a new file.
struct SafetensorsLayout {
  std::string head;                ///< length and header, padded to a multiple of 8 bytes
  std::vector<std::size_t> order;  ///< of the tensors' data behind it, by index
};

/// Lays out a file as upstream's writer does: large elements first, then by name, so that every
/// tensor is aligned. Throws std::invalid_argument for an unknown type, bytes that do not fit the
/// shape, and a name that occurs twice.
[[nodiscard]] SafetensorsLayout lay_out(std::span<const TensorData> tensors,
                                        const Named<std::string>& metadata = {});

}  // namespace fib::registry
