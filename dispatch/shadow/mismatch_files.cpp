// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <random>
#include <stdexcept>
#include <system_error>

#include "dispatch/shadow/mismatch.h"
#include "dispatch/shadow/mismatch_json.h"
#include "registry/store/files.h"
#include "registry/store/layout.h"
#include "registry/store/safetensors_writer.h"
#include "trace/file_size_signal.h"

namespace fib::dispatch {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestSource = std::size_t{16} << 20;  ///< of a Definition or a Solution

/// 128 random bits, in the usual form (version 4).
std::string random_uuid() {
  std::random_device random;
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text = "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx";
  for (char& c : text) {
    if (c == 'x') c = kDigits[random() % 16];
  }
  return text;
}

/// A directory that nobody has yet, for the owner only: what the engine computes is its own.
class NewDirectory {
 public:
  explicit NewDirectory(const fs::path& parent) {
    std::error_code error;
    fs::create_directories(parent, error);
    path_ = parent / (".unfinished-" + random_uuid());
    if (::mkdir(path_.c_str(), 0700) != 0) {
      throw std::runtime_error(parent.string() + ": no directory can be made there (" +
                               std::generic_category().message(errno) +
                               "); name another one in FIBSHIM_MISMATCH_DIR");
    }
  }
  ~NewDirectory() {
    std::error_code error;
    if (!path_.empty()) fs::remove_all(path_, error);
  }
  NewDirectory(const NewDirectory&) = delete;
  NewDirectory& operator=(const NewDirectory&) = delete;

  [[nodiscard]] const fs::path& path() const { return path_; }
  /// It is complete and gets its name; one that is taken gets a number.
  std::string finish(const std::string& name) {
    for (int number = 1;; ++number) {
      const fs::path wanted =
          path_.parent_path() / (number == 1 ? name : name + "-" + std::to_string(number));
      std::error_code error;
      if (!fs::exists(wanted, error))
        fs::rename(path_, wanted, error);
      else
        error = std::make_error_code(std::errc::file_exists);
      if (!error) {
        path_.clear();
        return wanted.string();
      }
      if (number == 1000 || !fs::exists(wanted))
        throw std::runtime_error(wanted.string() + ": " + error.message() + "; check permissions");
    }
  }

 private:
  fs::path path_;
};

/// A file of the registry that the record refers to, so that it stands alone. It may be gone.
void copy_source(const std::string& root, const std::string& file, const fs::path& to) {
  if (root.empty() || file.empty()) return;
  std::error_code error;
  const fs::path real_root = fs::canonical(root, error);
  if (error) return;
  const registry::Resolved source = registry::resolve(real_root, file, false);
  if (!source.ok()) return;
  const registry::FileText text = registry::read_file(source.path, kLargestSource);
  if (text.error.empty()) registry::replace_file(to / file, text.text);
}

/// What the registry calls the Definition, as far as paths go.
registry::Definition named(const Mismatch& mismatch) {
  registry::Definition definition;
  definition.name = mismatch.definition;
  definition.op_type = op_type_of(mismatch);
  if (!registry::is_path_component(definition.name))
    throw std::runtime_error("the Definition's name can't be that of a file");
  return definition;
}

}  // namespace

std::string write_mismatch(const Mismatch& mismatch, const std::string& directory) {
  const trace::FileSizeSignalBlocked no_signal;
  const registry::Definition definition = named(mismatch);
  const std::string uuid = random_uuid(), blob = registry::blob_file(definition, uuid);
  NewDirectory made(fs::absolute(directory));
  const fs::path& root = made.path();
  registry::write_safetensors(root / blob, blob_of(mismatch));
  if (has_workload(mismatch)) {
    const registry::Json line = registry::to_json(workload_of(mismatch, uuid, blob));
    registry::replace_file(root / registry::workload_file(definition),
                           registry::to_text(line) + "\n");
  }
  copy_source(mismatch.registry, registry::definition_file(definition), root);
  copy_source(mismatch.registry, mismatch.candidate_origin, root);
  registry::replace_file(root / "mismatch.json",
                         registry::to_text(describe_mismatch(mismatch, uuid, blob), 2) + "\n");
  const bool usable = registry::is_path_component(mismatch.candidate);
  return made.finish((usable ? mismatch.candidate : "candidate") + "-" +
                     std::to_string(::getpid()));
}

}  // namespace fib::dispatch
