// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "registry/build/arch.h"
#include "registry/match/launch_spec.h"
#include "registry/match/launch_view.h"
#include "registry/model/json.h"
#include "registry/model/solution.h"

/// What a build left in the cache, and where it lies (docs/registry.md, "Builds"):
///
///     CACHE/<source key>/<build key>/build.json
///     CACHE/<source key>/<build key>/<file per module>
///
/// The source key depends on the Solution alone, so that whoever wants a build finds it without a
/// compiler; the build key on architecture, compiler and options as well. This header and what is
/// behind it need no compiler and open no files: the preloaded library reads builds with it.
namespace fib::build {

inline constexpr int kManifestFormat = 1;  ///< another one is a build that is not there
inline constexpr const char* kManifestFile = "build.json";
inline constexpr std::size_t kLargestManifest = std::size_t{4} << 20;  ///< bytes
inline constexpr std::size_t kLargestBinary = std::size_t{512} << 20;  ///< bytes, of one module
inline constexpr std::size_t kMostModules = 64;                        ///< of one Solution

/// How the driver takes a module's file.
enum class BinaryKind : std::uint8_t {
  Cubin,     ///< code for one architecture
  Ptx,       ///< text, with a zero byte after it when it goes to the driver (not in the file)
  Simulated  ///< for the simulated driver
};

/// What a kernel needs, per thread or block; nothing where the build could not find out.
struct Entry {
  std::string name;                        ///< mangled
  std::optional<std::uint32_t> registers;  ///< per thread
  std::optional<std::uint32_t> shared;     ///< static, bytes per block
  std::optional<std::uint32_t> local;      ///< stack frame, bytes per thread, spills included
  std::optional<std::uint32_t> spill_stores, spill_loads;  ///< bytes per thread
  std::optional<std::uint32_t> max_threads;                ///< of a block, if the code limits it
  /// Offset and size of each parameter; nothing if not known.
  std::optional<std::vector<match::ParamSlot>> parameters;
};

/// One source or binary of the Solution, as the driver loads it.
struct Module {
  std::string name;  ///< its path in the Solution
  std::string file;  ///< beside build.json; no directory
  BinaryKind kind = BinaryKind::Cubin;
  Arch arch;  ///< that the code is for
  std::uint64_t bytes = 0;
  std::string sha256;  ///< of the file
  std::vector<Entry> entries;

  [[nodiscard]] const Entry* entry(std::string_view name) const;
};

/// build.json.
struct Manifest {
  std::string key;           ///< name of the directory
  std::string source_key;    ///< name of the one above
  std::string solution;      ///< name; Solutions of equal sources share builds
  std::string content_hash;  ///< upstream's, for people
  Arch arch;                 ///< what was asked for
  std::string compiler;      ///< "nvrtc", "nvjitlink", or "none" where nothing was compiled
  std::string version;       ///< of the compiler: "13.0.48"; empty for "none"
  std::vector<std::string> options;
  std::string built;  ///< UTC, ISO 8601: of two equally good builds the newer one counts
  std::vector<Module> modules;

  [[nodiscard]] const Module* module(std::string_view name) const;
};

/// A manifest, or why there is none.
struct ParsedManifest {
  std::optional<Manifest> manifest;
  std::string error;  ///< one clause, without the path; empty if all is well
};

/// Reads build.json. Whatever the text says, file names in the result have no directory, sizes are
/// within the limits above and hashes are 64 digits. Throws only for lack of memory.
[[nodiscard]] ParsedManifest read_manifest(std::string_view text);
[[nodiscard]] registry::Json to_json(const Manifest& manifest);

/// Whether these are the bytes that the build wrote.
[[nodiscard]] bool is_intact(const Module& module, std::span<const std::byte> content);

/// 32 hexadecimal digits: sources with their encodings, language, and the build options of the
/// launch block. Not name, author, target hardware or how the kernels are launched.
[[nodiscard]] std::string source_key(const registry::Solution& solution);

/// What makes two builds of one Solution different.
struct BuildIdentity {
  std::string source_key;
  Arch arch;
  std::string compiler, version;
  std::vector<std::string> options;  ///< all that the compiler was given
};
/// 32 hexadecimal digits, of kManifestFormat too.
[[nodiscard]] std::string build_key(const BuildIdentity& identity);

/// Path of the module that a kernel of the launch block is in.
[[nodiscard]] std::string module_of(const match::KernelLaunchSpec& kernel,
                                    const registry::Solution& solution);

/// CACHE/<source key>: its subdirectories are builds. Names that begin with a dot are being written
/// or are locks.
[[nodiscard]] std::filesystem::path builds_of(const std::filesystem::path& cache,
                                              std::string_view source_key);

/// Where builds are looked for, in this order: `chosen` alone if it is not empty (FIB_CACHE_PATH);
/// else ROOT/.fib/build, then $XDG_CACHE_HOME/fibshim/build (or ~/.cache/...), where builds of
/// registries go that can't be written. Reads the environment unless `chosen` is given.
[[nodiscard]] std::vector<std::filesystem::path> cache_roots(
    const std::filesystem::path& registry_root, const std::filesystem::path& chosen);

/// Which of several builds of one Solution a GPU gets: the closest architecture, then the newest.
/// Null if none runs there.
[[nodiscard]] const Manifest* choose(std::span<const Manifest> builds, Capability gpu);

}  // namespace fib::build
