// SPDX-License-Identifier: Apache-2.0
#include "support/notes.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>

namespace fib::test {

bool notes_wanted() { return std::getenv("FIBTEST_NOTES") != nullptr; }

void note_line(const std::string& line) {
  const char* directory = std::getenv("FIBTEST_NOTES");
  if (directory == nullptr) return;
  // Opened for each line: a forked child writes to its own file, and the program keeps no
  // descriptor.
  const std::string path = std::string(directory) + "/" + std::to_string(getpid());
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) return;
  const std::string text = line + "\n";
  if (write(fd, text.data(), text.size()) < 0) _exit(70);
  close(fd);
}

void note_call(std::string_view text) {
  if (!notes_wanted()) return;
  if (text.starts_with("(")) text.remove_prefix(1);
  note_line("call " + std::string(text.substr(0, text.find_first_of("( "))));
}

namespace {
std::string triple(const unsigned (&v)[3]) {
  return std::to_string(v[0]) + "," + std::to_string(v[1]) + "," + std::to_string(v[2]);
}
}  // namespace

void note_launch(const char* kernel, const Shape& shape, const std::string& params_hex) {
  note_line("launch " + std::to_string(syscall(SYS_gettid)) + " " + kernel + " " +
            triple(shape.grid) + " " + triple(shape.block) + " " +
            std::to_string(shape.shared_bytes) + " " + (params_hex.empty() ? "-" : params_hex));
}

void ParamText::add(const void* bytes, std::size_t size, std::size_t alignment) {
  static constexpr char kDigits[] = "0123456789abcdef";
  while (text_.size() / 2 % alignment != 0) text_ += "..";
  const auto* byte = static_cast<const unsigned char*>(bytes);
  for (std::size_t i = 0; i < size; ++i) {
    text_ += kDigits[byte[i] >> 4];
    text_ += kDigits[byte[i] & 15];
  }
}

}  // namespace fib::test
