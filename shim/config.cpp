// SPDX-License-Identifier: Apache-2.0
//
// The only file of the shim that knows JSON. Nothing of it survives into hooks: options are plain
// numbers and strings that live as long as the process.
#include "shim/config.h"

#include <fcntl.h>
#include <regex.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <system_error>

#include "recorder/rt_log.h"

namespace fib::shim {
namespace {

using nlohmann::json;
using recorder::say;

const char* keep(const std::string& text) { return strdup(text.c_str()); }

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

/// Whole file, or an errno. Not by iostream, which would bring static constructors along.
int read_file(const char* path, std::string& content) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  char piece[4096];
  ssize_t n = 0;
  while ((n = ::read(fd, piece, sizeof piece)) > 0)
    content.append(piece, static_cast<std::size_t>(n));
  const int error = n < 0 ? errno : 0;
  ::close(fd);
  return error;
}

/// The JSON object in the file, or an empty one; what is wrong with it is said.
json read_json(const std::string& path) {
  if (path.empty()) return json::object();
  std::string text;
  if (const int error = read_file(path.c_str(), text); error != 0) {
    say("can't read the configuration %s (FIBSHIM_CONFIG): %s; using the environment only",
        path.c_str(), std::strerror(error));
    return json::object();
  }
  json content = json::parse(text, nullptr, /*allow_exceptions=*/false, /*ignore_comments=*/true);
  if (content.is_object()) return content;
  say("the configuration %s (FIBSHIM_CONFIG) is not a JSON object; using the environment only",
      path.c_str());
  return json::object();
}

/// Reads values and says what is wrong with them.
class Reader {
 public:
  explicit Reader(json content) : content_(std::move(content)) {}

  std::string text(const char* key, const char* variable, const std::string& fallback) {
    known_.insert(key);
    if (const std::string value = environment(variable); !value.empty()) return value;
    const auto found = content_.find(key);
    if (found == content_.end()) return fallback;
    if (found->is_string()) return found->get<std::string>();
    say("configuration: \"%s\" must be a string; using \"%s\"", key, fallback.c_str());
    return fallback;
  }

  std::size_t number(const char* key, std::size_t fallback, std::size_t low, std::size_t high) {
    known_.insert(key);
    const auto found = content_.find(key);
    if (found == content_.end()) return fallback;
    if (found->is_number_unsigned() && found->get<std::size_t>() >= low &&
        found->get<std::size_t>() <= high)
      return found->get<std::size_t>();
    say("configuration: \"%s\" must be a whole number from %zu to %zu; using %zu", key, low, high,
        fallback);
    return fallback;
  }

  void report_unknown() const {
    for (const auto& [key, value] : content_.items())
      if (!known_.contains(key))
        say("configuration: \"%s\" is not a known key; ignored", key.c_str());
  }

 private:
  json content_;
  std::set<std::string> known_;
};

enum class Wish { Off, Record, Apply, Shadow };

Wish wish_of(const std::string& mode) {
  if (mode == "record") return Wish::Record;
  if (mode == "apply") return Wish::Apply;
  if (mode == "shadow") return Wish::Shadow;
  if (!mode.empty() && mode != "off")
    say("FIBSHIM_MODE '%s' is not a mode of this version (off, record, apply, shadow); passing "
        "everything through",
        mode.c_str());
  return Wish::Off;
}

/// Of FIBSHIM_SHADOW, or "shadow_every".
std::uint64_t shadow_every(Reader& reader, std::uint64_t fallback) {
  const std::size_t configured = reader.number("shadow_every", fallback, 0, std::size_t{1} << 32);
  const std::string text = environment("FIBSHIM_SHADOW");
  if (text.empty()) return configured;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && value <= 1ull << 32) return value;
  say("FIBSHIM_SHADOW '%s' is not a whole number up to 2^32; using %zu", text.c_str(), configured);
  return configured;
}

void read_dispatch(Reader& reader, bool shadow_only, dispatch::Options& options) {
  constexpr std::size_t kMiB = 1u << 20;
  options.shadow_only = shadow_only;
  options.registry = keep(reader.text("dataset_path", "FIB_DATASET_PATH", ""));
  options.cache = keep(reader.text("cache_path", "FIB_CACHE_PATH", ""));
  options.demoted = keep(reader.text("demote", "FIBSHIM_DEMOTE", ""));
  options.report = keep(reader.text("report", "FIBSHIM_REPORT", ""));
  options.mismatch_dir = keep(reader.text("mismatch_dir", "FIBSHIM_MISMATCH_DIR", "fib-mismatch"));
  options.shadow_every = shadow_every(reader, shadow_only ? 1 : 0);
  options.workspace_bytes =
      reader.number("workspace_bytes", options.workspace_bytes, kMiB / 1024, 65536 * kMiB);
  options.scratch_bytes =
      reader.number("scratch_bytes", options.scratch_bytes, kMiB / 1024, 65536 * kMiB);
}

/// Whether this process is one of those that the user wants recorded.
bool process_matches(const std::string& pattern) {
  if (pattern.empty()) return true;
  regex_t regex;
  if (regcomp(&regex, pattern.c_str(), REG_EXTENDED | REG_NOSUB) != 0) {
    say("the process filter '%s' is not a POSIX extended regular expression; taking all "
        "processes",
        pattern.c_str());
    return true;
  }
  std::string command;
  (void)read_file("/proc/self/cmdline", command);
  for (char& c : command)
    if (c == '\0') c = ' ';
  const bool matches = regexec(&regex, command.c_str(), 0, nullptr, 0) == 0;
  regfree(&regex);
  return matches;
}

const Config* read_config() {
  const recorder::Options defaults;
  Reader reader(read_json(environment("FIBSHIM_CONFIG")));
  auto* config = new Config;  // for ever
  const Wish wish = wish_of(reader.text("mode", "FIBSHIM_MODE", "off"));
  read_dispatch(reader, wish == Wish::Shadow, config->dispatch);
  recorder::Options& options = config->recorder;
  options.capture_dir =
      keep(reader.text("capture_dir", "FIBSHIM_CAPTURE_DIR", defaults.capture_dir));
  options.kernel_filter = keep(reader.text("kernel_filter", "FIBSHIM_FILTER", ""));
  options.effect_pattern = keep(reader.text("effect_filter", "FIBSHIM_EFFECTS", ""));
  const std::string process = reader.text("process_filter", "FIBSHIM_PROCESS", "");
  constexpr std::size_t kMiB = 1u << 20;
  // Rings and definitions are written as one chunk at most: see trace::kMaxChunkBytes.
  options.ring_bytes =
      std::bit_ceil(reader.number("ring_bytes", defaults.ring_bytes, kMiB / 16, 128 * kMiB));
  options.definition_bytes =
      reader.number("definition_bytes", defaults.definition_bytes, kMiB, 192 * kMiB);
  options.image_bytes = reader.number("image_bytes", defaults.image_bytes, kMiB, 65536 * kMiB);
  options.zstd_level = static_cast<int>(reader.number("zstd_level", 1, 0, 19));
  options.window = keep(reader.text("window", "FIBSHIM_WINDOW", ""));
  options.page_bytes =
      reader.number("page_bytes", defaults.page_bytes, 64 * kMiB, std::size_t{1} << 40);
  options.page_writers = reader.number("page_writers", 0, 0, 64);
  reader.report_unknown();
  const bool is_wanted = wish != Wish::Off && process_matches(process);
  config->record = is_wanted && wish == Wish::Record;
  config->apply = is_wanted && (wish == Wish::Apply || wish == Wish::Shadow);
  if (config->apply && config->dispatch.registry[0] == '\0') {
    say("FIB_DATASET_PATH names no registry; nothing is redirected");
    config->apply = false;
  }
  return config;
}

}  // namespace

const Config* load_config() noexcept try {
  return read_config();
} catch (const std::exception& error) {
  say("can't read the configuration (%s); passing everything through", error.what());
  return nullptr;
}

}  // namespace fib::shim
