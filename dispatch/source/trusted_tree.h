// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dispatch/source/trust.h"
#include "registry/store/file_tree.h"

namespace fib::dispatch {

/// The files below a directory that only root and the effective user can change. Nothing is
/// reached by a link, and nothing by a path that somebody could bend meanwhile: each step is from
/// an open directory. Remembers what it looked at, to tell whether all of it still was the same at
/// the end. For one thread.
class TrustedTree : public registry::FileTree {
 public:
  /// Which files, and which directories on the way to them, are of interest, by their names from
  /// the root.
  using Filter = std::function<bool(std::string_view name, bool is_directory)>;
  /// Bytes that one tree gives out at most: a registry must not use up the program's memory.
  static constexpr std::uint64_t kMostBytes = std::uint64_t{2} << 30;

  /// Opens the directory; `opened` says why not, if not.
  static std::unique_ptr<TrustedTree> open(const std::string& root, Opened& opened);

  /// list() does not look at what `filter` does not take; nothing: it takes all.
  void set_filter(Filter filter) { filter_ = std::move(filter); }
  std::vector<std::string> list(std::string_view folder, std::string_view suffix,
                                registry::Findings& findings) override;
  registry::FileText read(const std::string& file, std::size_t limit) override;

  /// Whether what was read is of one state: nothing changed shortly before `began_ns`
  /// (CLOCK_REALTIME, before the first look) nor since, and the path still leads here.
  [[nodiscard]] bool is_one_state(std::int64_t began_ns) const;

  [[nodiscard]] const std::string& root() const { return root_; }
  /// The first file or directory that was looked at and that others can change, with what to do;
  /// empty if there was none.
  [[nodiscard]] const std::string& untrusted() const { return untrusted_; }

 private:
  TrustedTree(std::string root, Opened opened);

  /// The directory of this name from the root, each step checked. Empty: the root.
  [[nodiscard]] Opened directory(std::string_view name);
  void visit(const std::string& folder, int depth);
  void look_at(int parent, const std::string& name, int depth);
  [[nodiscard]] bool takes(std::string_view name, bool is_directory) const {
    return !filter_ || filter_(name, is_directory);
  }
  /// Remembers it if it is the first that is not trusted.
  void look_back_at(std::string_view name, const Opened& opened);
  void refuse(const std::string& file, const std::string& why);
  /// False: it was seen before, and was another one.
  bool note(const std::string& name, const struct stat& status);

  std::string root_, untrusted_;
  Descriptor descriptor_;
  Filter filter_;
  std::map<std::string, Stamp, std::less<>> seen_;
  std::uint64_t bytes_ = 0;
  bool changed_ = false;

  // Of the list() under way.
  std::string_view suffix_;
  registry::Findings* findings_ = nullptr;
  std::vector<std::string> files_;
};

}  // namespace fib::dispatch
