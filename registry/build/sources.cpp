// SPDX-License-Identifier: Apache-2.0
#include "registry/build/sources.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "registry/build/base64.h"

namespace fib::build {
namespace {

using registry::Solution;
using registry::SourceFile;

constexpr std::array<std::pair<std::string_view, SourceKind>, 5> kEndings = {
    {{".cu", SourceKind::Cuda},
     {".ptx", SourceKind::Ptx},
     {".cubin", SourceKind::Cubin},
     {".fatbin", SourceKind::Fatbin},
     {".simcubin", SourceKind::Simulated}}};

/// Headers of the host's C++ that kernels include for the names of integers. NVRTC has none.
constexpr std::string_view kIntegers = R"(#pragma once
typedef signed char int8_t;
typedef short int16_t;
typedef int int32_t;
typedef long long int64_t;
typedef unsigned char uint8_t;
typedef unsigned short uint16_t;
typedef unsigned int uint32_t;
typedef unsigned long long uint64_t;
typedef int64_t intptr_t;
typedef uint64_t uintptr_t;
namespace std {
using ::int8_t; using ::int16_t; using ::int32_t; using ::int64_t;
using ::uint8_t; using ::uint16_t; using ::uint32_t; using ::uint64_t;
using ::intptr_t; using ::uintptr_t;
}
)";
constexpr std::string_view kSizes = R"(#pragma once
typedef decltype(sizeof(0)) fib_size_t;
namespace std { using size_t = fib_size_t; using ptrdiff_t = long; }
)";
constexpr std::array<std::pair<const char*, std::string_view>, 4> kHostHeaders = {
    {{"stdint.h", kIntegers},
     {"cstdint", "#include <stdint.h>\n"},
     {"stddef.h", kSizes},
     {"cstddef", "#include <stddef.h>\n"}}};

std::string normal(const std::filesystem::path& path) { return path.lexically_normal().string(); }

/// Start and length of the name in a line that is `#include "name"`; nothing in other lines.
std::optional<std::pair<std::size_t, std::size_t>> included_name(std::string_view line) {
  constexpr std::string_view kSpaces = " \t";
  const auto skip = [&](std::size_t at) {
    return std::min(line.find_first_not_of(kSpaces, at), line.size());
  };
  std::size_t at = skip(0);
  if (at == line.size() || line[at] != '#') return std::nullopt;
  at = skip(at + 1);
  if (!line.substr(at).starts_with("include")) return std::nullopt;
  at = skip(at + 7);
  if (at == line.size() || line[at] != '"') return std::nullopt;
  const std::size_t end = line.find('"', at + 1);
  if (end == std::string_view::npos) return std::nullopt;
  return std::pair(at + 1, end - at - 1);
}

/// Path of the Solution's source that an #include in `from` means; empty if it means none.
std::string resolved(const Solution& solution, const SourceFile& from, std::string_view name) {
  const std::filesystem::path directory = std::filesystem::path(from.path).parent_path();
  for (const std::string& path : {normal(directory / name), normal(name)}) {
    for (const SourceFile& source : solution.sources) {
      if (normal(source.path) == path) return source.path;
    }
  }
  return "";
}

/// NVRTC compares names of headers as texts, so every name is written the same way. Lines stay.
std::string with_canonical_includes(const Solution& solution, const SourceFile& source) {
  std::string text;
  std::string_view rest = source.content;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size() - 1) + 1;
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end);
    const auto name = included_name(line);
    const std::string path =
        name ? resolved(solution, source, line.substr(name->first, name->second)) : "";
    if (path.empty()) {
      text += line;
    } else {
      text.append(line.substr(0, name->first)).append(path);
      text.append(line.substr(name->first + name->second));
    }
  }
  return text;
}

bool is_text(const SourceFile& source) {
  return source.members.unknown("encoding") == nullptr &&
         (kind_of(source.path) == SourceKind::Cuda || kind_of(source.path) == SourceKind::Other);
}

}  // namespace

SourceKind kind_of(std::string_view path) {
  for (const auto& [ending, kind] : kEndings) {
    if (path.ends_with(ending)) return kind;
  }
  return SourceKind::Other;
}

SourceBytes bytes_of(const SourceFile& source) {
  const registry::Json* const encoding = source.members.unknown("encoding");
  if (encoding == nullptr || encoding->is_null()) return {source.content, ""};
  if (*encoding != "base64") {
    return {"", "has the encoding " + registry::to_text(*encoding).substr(0, 40) +
                    "; only \"base64\" is known"};
  }
  auto bytes = from_base64(source.content);
  if (!bytes) return {"", "is not valid base64"};
  return {std::move(*bytes), ""};
}

std::optional<CudaSource> cuda_source(const Solution& solution, const SourceFile& main,
                                      std::string& error) {
  CudaSource result;
  result.name = main.path;
  for (const SourceFile& source : solution.sources) {
    if (!is_text(source)) continue;
    if (source.content.find('\0') != std::string::npos) {
      error = source.path + " has a zero byte in it";
      return std::nullopt;
    }
    std::string text = with_canonical_includes(solution, source);
    if (source.path == main.path) {
      result.text = std::move(text);
    } else {
      result.headers.emplace_back(source.path, std::move(text));
    }
  }
  for (const auto& [name, text] : kHostHeaders) {
    if (solution.source(name) == nullptr) result.headers.emplace_back(name, text);
  }
  return result;
}

}  // namespace fib::build
