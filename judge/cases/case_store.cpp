// SPDX-License-Identifier: Apache-2.0
#include "judge/cases/case_store.h"

#include <unistd.h>

#include <stdexcept>
#include <system_error>

#include "judge/wire.h"
#include "registry/store/error.h"
#include "registry/store/files.h"
#include "registry/store/layout.h"

namespace fib::judge {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFile = "case.json";
constexpr std::size_t kLargestFile = std::size_t{1} << 20;

[[noreturn]] void fail(const fs::path& path, const std::string& what) {
  throw std::runtime_error(path.string() + ": " + what);
}

void must(const std::error_code& error, const fs::path& path) {
  if (error) fail(path, "can't be written: " + error.message());
}

void write(const Case& subject, const fs::path& directory) try {
  registry::replace_file(directory / kFile, registry::to_text(to_json(subject), 2) + '\n');
} catch (const registry::RegistryError& error) {
  throw std::runtime_error(error.what());
}

bool same_launch(const Case& a, const Case& b) {
  return a.definition == b.definition && a.binding == b.binding && a.kernel == b.kernel &&
         a.axes == b.axes && a.process == b.process && a.window == b.window && a.launch == b.launch;
}

}  // namespace

Case parse_case(std::string_view text, const fs::path& directory) {
  registry::JsonLimits limits;
  limits.bytes = kLargestFile;
  const registry::ParsedJson parsed = registry::parse_json(text, limits);
  if (!parsed.ok()) throw std::runtime_error("is not accepted as JSON: " + parsed.error);
  Case subject = case_of(parsed.value, directory);
  if (!registry::is_path_component(subject.id))
    throw std::runtime_error("its \"id\" is no name of a directory");
  for (const auto* name : {&subject.definition, &subject.binding, &subject.kernel})
    if (name->empty())
      throw std::runtime_error("\"definition\", \"binding\" and \"kernel\" must not be empty");
  for (const auto& [name, value] : subject.axes)
    if (value <= 0) throw std::runtime_error("axis \"" + name + "\" is not positive");
  return subject;
}

Case read_case(const fs::path& directory) {
  const fs::path file = directory / kFile;
  const registry::FileText text = registry::read_file(file, kLargestFile);
  if (!text.error.empty()) fail(file, text.error);
  Case subject;
  try {
    subject = parse_case(text.text, directory);
  } catch (const std::runtime_error& error) {
    fail(file, std::string(error.what()) + "; remove the directory and let fib bench make it anew");
  }
  std::error_code error;
  if (!fs::is_directory(subject.extract(), error))
    fail(directory, "has no capture/; remove it and let fib bench make it anew");
  return subject;
}

std::optional<Case> CaseStore::find(const Case& wanted) const {
  std::error_code error;
  const fs::path directory = root_ / wanted.id;
  if (!fs::exists(directory / kFile, error)) return std::nullopt;
  std::optional<Case> found;
  try {
    found = read_case(directory);
  } catch (const std::runtime_error&) {
    return std::nullopt;  // it is made anew
  }
  if (!same_launch(*found, wanted)) return std::nullopt;
  if (found->count == wanted.count && found->role == wanted.role) return found;
  found->count = wanted.count;
  found->role = wanted.role;
  write(*found, directory);
  return found;
}

fs::path CaseStore::begin(const Case& subject) const {
  const fs::path place = root_ / ("." + subject.id + '.' + std::to_string(::getpid()));
  std::error_code error;
  fs::remove_all(place, error);
  must(error, place);
  fs::create_directories(place, error);
  must(error, place);
  return place;
}

Case CaseStore::publish(Case subject, const fs::path& place) const {
  subject.directory = root_ / subject.id;
  write(subject, place);
  const fs::path old = place.string() + ".old";
  std::error_code error;
  if (fs::exists(subject.directory, error)) {
    fs::rename(subject.directory, old, error);
    must(error, subject.directory);
  }
  fs::rename(place, subject.directory, error);
  must(error, subject.directory);
  fs::remove_all(old, error);
  return subject;
}

void CaseStore::abandon(const fs::path& place) const noexcept {
  std::error_code error;
  fs::remove_all(place, error);
}

}  // namespace fib::judge
