// SPDX-License-Identifier: Apache-2.0
#include "cli/executable.h"

#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <vector>

namespace fib::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kDeepestShebang = 4;  // as many as the kernel follows

std::string interpreter_of(std::ifstream& file, const Elf64_Ehdr& header) {
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment{};
    file.seekg(static_cast<std::streamoff>(header.e_phoff + i * sizeof segment));
    if (!file.read(reinterpret_cast<char*>(&segment), sizeof segment)) return {};
    if (segment.p_type != PT_INTERP || segment.p_filesz > 4096) continue;
    std::string path(segment.p_filesz, '\0');
    file.seekg(static_cast<std::streamoff>(segment.p_offset));
    if (!file.read(path.data(), static_cast<std::streamsize>(path.size()))) return {};
    return path.substr(0, path.find('\0'));
  }
  return {};
}

std::string elf_obstacle(std::ifstream& file) {
  Elf64_Ehdr header{};
  file.seekg(0);
  if (!file.read(reinterpret_cast<char*>(&header), sizeof header)) return {};
  if (header.e_ident[EI_CLASS] != ELFCLASS64) return "it is a 32-bit program";
  const std::string loader = interpreter_of(file, header);
  if (loader.empty()) return "it is linked statically, so no loader reads LD_PRELOAD";
  if (loader.find("musl") != std::string::npos) return "it uses musl; the shim needs glibc";
  return {};
}

std::string shebang(std::ifstream& file) {
  std::string line, program, argument;
  file.seekg(2);
  std::getline(file, line);
  std::istringstream words(line);
  words >> program >> argument;
  if (!program.ends_with("/env")) return program;
  return find_in_path(argument).string();
}

std::string obstacle(const fs::path& program, int depth) {
  struct stat status {};
  if (stat(program.c_str(), &status) == 0 && (status.st_mode & (S_ISUID | S_ISGID)) != 0 &&
      geteuid() != 0) {
    return program.string() + " is setuid or setgid, so the loader ignores LD_PRELOAD";
  }
  std::ifstream file(program, std::ios::binary);
  char magic[4] = {};
  if (!file.read(magic, sizeof magic)) return {};
  if (std::memcmp(magic, ELFMAG, SELFMAG) == 0) {
    const std::string reason = elf_obstacle(file);
    return reason.empty() ? reason : program.string() + ": " + reason;
  }
  if (magic[0] == '#' && magic[1] == '!' && depth < kDeepestShebang) {
    return obstacle(shebang(file), depth + 1);
  }
  return {};
}

}  // namespace

fs::path find_in_path(const std::string& command) {
  if (command.find('/') != std::string::npos) {
    return access(command.c_str(), X_OK) == 0 ? fs::path(command) : fs::path();
  }
  const char* path = std::getenv("PATH");
  std::istringstream directories(path != nullptr ? path : "/usr/bin:/bin");
  for (std::string directory; std::getline(directories, directory, ':');) {
    const fs::path candidate = fs::path(directory.empty() ? "." : directory) / command;
    std::error_code error;
    if (fs::is_regular_file(candidate, error) && access(candidate.c_str(), X_OK) == 0) {
      return candidate;
    }
  }
  return {};
}

std::string preload_obstacle(const fs::path& program) { return obstacle(program, 0); }

}  // namespace fib::cli
