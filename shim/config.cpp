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
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

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

bool wants_record(const std::string& mode) {
  if (mode == "record") return true;
  if (!mode.empty() && mode != "off")
    say("FIBSHIM_MODE '%s' is not a mode of this version (off, record); passing everything through",
        mode.c_str());
  return false;
}

/// Whether this process is one of those that the user wants recorded.
bool process_matches(const std::string& pattern) {
  if (pattern.empty()) return true;
  regex_t regex;
  if (regcomp(&regex, pattern.c_str(), REG_EXTENDED | REG_NOSUB) != 0) {
    say("the process filter '%s' is not a POSIX extended regular expression; recording all "
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
  config->record = wants_record(reader.text("mode", "FIBSHIM_MODE", "off"));
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
  config->record = config->record && process_matches(process);
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
