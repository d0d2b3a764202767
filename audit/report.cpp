// SPDX-License-Identifier: Apache-2.0
#include "audit/report.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>

namespace fib::audit {
namespace {

// Bytes above 0x7e become escapes one by one: names are ASCII, and a stray byte must not make the
// file unreadable.
void append_quoted(std::string& out, const std::string& text) {
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte > 0x7e) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", byte);
      out += escape;
    } else {
      out += c;
    }
  }
  out += '"';
}

int write_all(int file, const std::string& text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t written = write(file, text.data() + done, text.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    done += static_cast<std::size_t>(written);
  }
  return 0;
}

int write_file(const std::string& path, const std::string& text) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return errno;
  const int error = write_all(file, text);
  return close(file) != 0 && error == 0 ? errno : error;
}

}  // namespace

std::string to_json(const Report& report) {
  std::string out = "{\"pid\":" + std::to_string(report.pid) + ",\"command\":";
  append_quoted(out, report.command);
  out += ",\"cupti_version\":" + std::to_string(report.cupti_version);
  if (!report.error.empty()) {
    out += ",\"error\":";
    append_quoted(out, report.error);
  }
  out += ",\"kernels\":{";
  const char* separator = "";
  for (const auto& [name, count] : report.counts.kernels) {
    out += separator;
    append_quoted(out, name);
    out += ':' + std::to_string(count);
    separator = ",";
  }
  return out + "},\"dropped\":" + std::to_string(report.counts.dropped) + "}\n";
}

int write_report(const std::string& directory, const Report& report) {
  mkdir(directory.c_str(), 0755);  // one that is there already is fine; open tells of all else
  const std::string path = directory + "/audit-" + std::to_string(report.pid) + ".json";
  const std::string temporary = path + ".partial";
  if (const int error = write_file(temporary, to_json(report))) return error;
  return rename(temporary.c_str(), path.c_str()) == 0 ? 0 : errno;
}

std::string own_command() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::string command{std::istreambuf_iterator<char>(file), {}};
  while (!command.empty() && command.back() == '\0') command.pop_back();
  for (char& c : command) {
    if (c == '\0') c = ' ';
  }
  return command;
}

}  // namespace fib::audit
