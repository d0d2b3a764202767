// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "judge/case.h"

/// Cases on disk: `<root>/<id>/{case.json,capture/}`. A case is whole or not there: it is made
/// beside its place and renamed.
namespace fib::judge {

/// Of the text of a case.json that lies in `directory`. Throws std::runtime_error, one line without
/// the path: JSON that is none, members that are missing or of other types, an id that is no name
/// of a directory, axes that are not positive.
[[nodiscard]] Case parse_case(std::string_view text, const std::filesystem::path& directory);
/// The case in a directory. Throws std::runtime_error, one line that names the file and what to do.
[[nodiscard]] Case read_case(const std::filesystem::path& directory);

class CaseStore {
 public:
  explicit CaseStore(std::filesystem::path root) : root_(std::move(root)) {}

  /// The case of this id if it is there, whole, and of the same launch; its count and role are
  /// brought up to date. Throws std::runtime_error if that can't be written.
  [[nodiscard]] std::optional<Case> find(const Case& wanted) const;
  /// An empty place to make a case in, in this process. Throws std::runtime_error.
  [[nodiscard]] std::filesystem::path begin(const Case& subject) const;
  /// Writes case.json and puts what begin() gave where it belongs, in place of what is there. The
  /// case as it is then. Throws std::runtime_error.
  [[nodiscard]] Case publish(Case subject, const std::filesystem::path& place) const;
  /// Removes what begin() gave.
  void abandon(const std::filesystem::path& place) const noexcept;

 private:
  std::filesystem::path root_;
};

}  // namespace fib::judge
