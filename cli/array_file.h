// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

/// Arrays that a program wrote: .npy (NumPy's format, versions 1 to 3) and .safetensors.
namespace fib::cli {

struct NamedArray {
  std::string name;   ///< empty in .npy files
  std::string dtype;  ///< as safetensors names it: "F32", "BF16", "I64" ...
  std::vector<std::uint64_t> shape;
  std::string bytes;  ///< as many as shape and dtype say, little-endian

  [[nodiscard]] std::uint64_t elements() const;
  /// An element of a type that is_numeric().
  [[nodiscard]] double value(std::uint64_t index) const;
};

/// Whether value() knows the type; others can only be equal or not.
[[nodiscard]] bool is_numeric(const std::string& dtype);

/// Whether the name ends in .npy or .safetensors.
[[nodiscard]] bool is_array_file(const std::filesystem::path& path);

/// All arrays of a file. Throws CliError that names the file. Whatever is in it, no more than its
/// size is allocated.
[[nodiscard]] std::vector<NamedArray> read_arrays(const std::filesystem::path& path);

/// The array in the bytes of an .npy file. Throws CliError with `origin` in front.
[[nodiscard]] NamedArray parse_npy(const std::string& file, const std::string& origin);

}  // namespace fib::cli
