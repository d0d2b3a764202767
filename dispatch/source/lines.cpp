// SPDX-License-Identifier: Apache-2.0
#include "dispatch/source/lines.h"

namespace fib::dispatch {
namespace {

constexpr std::size_t kLongest = 900;  ///< bytes; say() cuts at 1,000

std::string line_of(const std::string& root, const registry::Finding& finding) {
  std::string line = finding.file.empty() ? root : root + '/' + finding.file;
  if (finding.line != 0) line += ':' + std::to_string(finding.line);
  if (!finding.pointer.empty()) line += ' ' + finding.pointer;
  line += ": " + finding.message;
  // Why a file can't be read comes with its remedy.
  const bool complete = finding.message.find("; ") != std::string::npos &&
                        finding.message.find("JSON") == std::string::npos;
  return complete || finding.remedy.empty() ? line : line + "; " + finding.remedy;
}

}  // namespace

void SourceLines::add(const std::string& root, const registry::Findings& findings) {
  for (const registry::Finding& finding : findings.list()) {
    if (finding.level == registry::Level::Error) list_.push_back(printable(line_of(root, finding)));
  }
}

void SourceLines::add(const std::string& path, const std::string& what) {
  list_.push_back(printable(path + ": " + what));
}

std::string printable(std::string_view text) {
  std::string line(text.substr(0, kLongest));
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return line;
}

}  // namespace fib::dispatch
