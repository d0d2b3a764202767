// SPDX-License-Identifier: Apache-2.0
#include "registry/store/layout.h"

#include <algorithm>

#include "registry/store/error.h"

namespace fib::registry {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestName = 200;  ///< a component has 255 bytes, suffixes included

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string path;
  for (const std::string_view part : parts) {
    if (!path.empty()) path += '/';
    path += part;
  }
  return path;
}

bool is_below(const fs::path& root, const fs::path& path) {
  const auto [end, rest] = std::mismatch(root.begin(), root.end(), path.begin(), path.end());
  return end == root.end();
}

bool has_parent_component(const fs::path& path) {
  return std::find(path.begin(), path.end(), "..") != path.end();
}

}  // namespace

bool is_path_component(std::string_view name) {
  if (name.empty() || name.size() > kLongestName || name.front() == '.') return false;
  return std::none_of(name.begin(), name.end(), [](char c) {
    return c == '/' || c == 0x7f || static_cast<unsigned char>(c) < 0x20;
  });
}

std::string definition_file(const Definition& definition) {
  return joined({"definitions", definition.op_type, definition.name + ".json"});
}

std::string solution_file(const Solution& solution, std::string_view op_type) {
  return joined(
      {"solutions", solution.author, op_type, solution.definition, solution.name + ".json"});
}

std::string workload_file(const Definition& definition) {
  return joined({"workloads", definition.op_type, definition.name + ".jsonl"});
}

std::string trace_file(const Definition& definition, std::string_view author) {
  return joined({"traces", author, definition.op_type, definition.name + ".jsonl"});
}

std::string blob_file(const Definition& definition, std::string_view uuid) {
  return joined({"blob", "workloads", definition.op_type, definition.name,
                 definition.name + '_' + std::string(uuid) + ".safetensors"});
}

Resolved resolve(const fs::path& root, std::string_view relative, bool follow_links) {
  using Problem = Resolved::Problem;
  const fs::path given(relative);
  if (relative.find('\0') != std::string_view::npos) {
    return {{}, Problem::Outside, "has a zero byte in it"};
  }
  if (given.is_absolute() || has_parent_component(given)) {
    return {{}, Problem::Outside, "leaves the registry"};
  }
  std::error_code error;
  const fs::path real = fs::canonical(root / given, error);
  if (error) return {root / given, Problem::Missing, "is missing"};
  if (!follow_links && !is_below(root, real)) {
    return {{}, Problem::Outside, "is a link out of the registry"};
  }
  return {real, Problem::None, ""};
}

fs::path writable(const fs::path& root, std::string_view relative) {
  const fs::path given(relative);
  for (const fs::path& part : given) {
    if (is_path_component(part.string())) continue;
    throw RegistryError("\"" + std::string(relative) + "\" can't be written: \"" + part.string() +
                        "\" is no file name; use letters, digits, _ and -");
  }
  const fs::path path = root / given;
  std::error_code error;
  const fs::path parent = fs::weakly_canonical(path.parent_path(), error);
  if (error || !is_below(root, parent)) {
    throw RegistryError(path.string() + " leads out of the registry; remove the link");
  }
  return path;
}

std::string normal(std::string_view relative) {
  return fs::path(relative).lexically_normal().generic_string();
}

}  // namespace fib::registry
