// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// Files of a registry, which other processes read and write at the same time.
namespace fib::registry {

/// A whole file, or why it can't be read.
struct FileText {
  std::string text;
  std::string error;  ///< without the path; empty if all is well
};

/// Bytes that a file of JSON lines may have to be read, and rewritten, as a whole.
inline constexpr std::size_t kLargestLines = std::size_t{1} << 30;

/// Reads a regular file of at most `limit` bytes; never waits for the writer of a FIFO.
[[nodiscard]] FileText read_file(const std::filesystem::path& path, std::size_t limit);

/// Replaces the file, or creates it and its directories: whoever opens it finds the old bytes or
/// the new ones, and a crash leaves one of the two. Throws RegistryError.
void replace_file(const std::filesystem::path& path, std::span<const std::string_view> pieces);
void replace_file(const std::filesystem::path& path, std::string_view text);

/// Appends whole lines under the file's lock (flock), after a line feed if the last line has none.
/// All of `lines` or, if the disk is full, none. Creates the file and its directories. Throws
/// RegistryError.
void append_lines(const std::filesystem::path& path, std::string_view lines);

/// Replaces what the file holds by what `change` makes of it, under the same lock; nothing leaves
/// the file as it is, an empty text removes it. Throws RegistryError.
void change_lines(const std::filesystem::path& path,
                  const std::function<std::optional<std::string>(std::string_view)>& change);

/// Removes the file, and then the directories above it that are empty, up to but without `root`.
/// Throws RegistryError if the file can't be removed; one that is gone already is fine.
void remove_file(const std::filesystem::path& path, const std::filesystem::path& root);

}  // namespace fib::registry
