// SPDX-License-Identifier: Apache-2.0
#include "registry/model/solution.h"

#include <algorithm>
#include <set>

#include "registry/model/sha1.h"

namespace fib::registry {
namespace {

constexpr const char* kSolutionRule = "solution.schema";

// As pathlib sees it: what stands between slashes is a part.
bool has_parent_part(std::string_view path) {
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    if (path.substr(at, end - at) == "..") return true;
    at = end + 1;
  }
  return false;
}

SourceFile read_source(const Json& value, std::string pointer, Findings& findings) {
  ObjectReader reader(value, std::move(pointer), "the source", kSolutionRule, findings);
  SourceFile source;
  if (!reader.is_object()) return source;
  source.path = reader.text("path");
  source.content = reader.text("content");
  source.members = reader.members();
  if (source.path.starts_with('/') || has_parent_part(source.path)) {
    reader.error("path", "\"" + source.path + "\" leaves the solution's directory",
                 "write a relative path without \"..\"");
  }
  if (source.path.find('\0') != std::string::npos) {
    reader.error("path", "has a zero byte in it", "write a path that the file system can have");
  }
  return source;
}

std::vector<SourceFile> read_sources(ObjectReader& reader) {
  std::vector<SourceFile> sources;
  const Json* const value = reader.required("sources", "an array of {\"path\", \"content\"}");
  if (value == nullptr) return sources;
  if (!value->is_array() || value->empty()) {
    reader.error("sources", "is " + (value->is_array() ? "empty" : type_of(*value)),
                 "write an array of {\"path\", \"content\"}, at least one");
    return sources;
  }
  std::set<std::string> paths;
  for (std::size_t i = 0; i < value->size(); ++i) {
    const std::string pointer = child(reader.pointer_to("sources"), i);
    sources.push_back(read_source((*value)[i], pointer, reader.findings()));
    const std::string& path = sources.back().path;
    if (!paths.insert(path).second && !path.empty()) {
      reader.findings().error(kSolutionRule, child(pointer, "path"),
                              "\"" + path + "\" occurs twice", "give every source its own path");
    }
  }
  return sources;
}

void read_binding(ObjectReader& reader, BuildSpec& spec) {
  const Json* const binding = reader.member("binding");
  if (binding == nullptr || binding->is_null()) return;
  const auto found = reader.choice("binding", kInterfaceNames);
  if (found) spec.binding = static_cast<Interface>(*found);
}

void check_entry_point(ObjectReader& reader, const std::string& entry) {
  const auto first = entry.find("::");
  if (entry.empty() || (first != entry.npos && entry.find("::", first + 2) == entry.npos)) return;
  reader.error("entry_point", "\"" + entry + "\" is no entry point",
               "write \"<file>::<function>\", with exactly one \"::\"");
}

BuildSpec read_spec(const Json& value, std::string pointer, Findings& findings) {
  ObjectReader reader(value, std::move(pointer), "the spec", kSolutionRule, findings);
  BuildSpec spec;
  if (!reader.is_object()) return spec;
  spec.language = static_cast<Language>(reader.choice("language", kLanguageNames).value_or(0));
  const Json* const hardware = reader.required("target_hardware", "names of GPUs in an array");
  spec.target_hardware = reader.texts("target_hardware", /*allow_empty=*/true);
  if (hardware != nullptr && hardware->is_array() && hardware->empty()) {
    reader.error("target_hardware", "is empty", "name at least one GPU, or \"cuda\"");
  }
  spec.entry_point = reader.text("entry_point");
  check_entry_point(reader, spec.entry_point);
  spec.dependencies = reader.texts("dependencies");
  spec.destination_passing_style = reader.boolean("destination_passing_style", true);
  read_binding(reader, spec);
  spec.members = reader.members();
  return spec;
}

Json spec_to_json(const BuildSpec& spec) {
  ObjectWriter writer(spec.members);
  writer.put("language", kLanguageNames[static_cast<std::size_t>(spec.language)]);
  writer.put("target_hardware", spec.target_hardware);
  writer.put("entry_point", spec.entry_point);
  writer.put_if(!spec.dependencies.empty(), "dependencies", spec.dependencies);
  writer.put_if(!spec.destination_passing_style, "destination_passing_style",
                spec.destination_passing_style);
  writer.put_if(spec.binding.has_value(), "binding",
                spec.binding ? Json(kInterfaceNames[static_cast<std::size_t>(*spec.binding)])
                             : Json(nullptr));
  return writer.finish();
}

Json source_to_json(const SourceFile& source) {
  ObjectWriter writer(source.members);
  writer.put("path", source.path);
  writer.put("content", source.content);
  return writer.finish();
}

void read_fields(ObjectReader& reader, Solution& solution) {
  solution.name = reader.text("name");
  solution.definition = reader.text("definition");
  solution.author = reader.text("author");
  if (const Json* const spec = reader.required("spec", "an object")) {
    solution.spec = read_spec(*spec, reader.pointer_to("spec"), reader.findings());
  }
  solution.sources = read_sources(reader);
  solution.description = reader.optional_text("description");
  solution.members = reader.members();
}

void check_entry_file(const Solution& solution, Findings& findings) {
  const std::string file(solution.spec.entry_file());
  if (solution.source(file) != nullptr) return;
  findings.error(kSolutionRule, "/spec/entry_point", "\"" + file + "\" is none of the sources",
                 "name a file of \"sources\"");
}

}  // namespace

std::string_view BuildSpec::entry_file() const {
  return std::string_view(entry_point).substr(0, entry_point.find("::"));
}

std::string_view BuildSpec::entry_symbol() const {
  const auto mark = entry_point.find("::");
  return mark == std::string::npos ? std::string_view()
                                   : std::string_view(entry_point).substr(mark + 2);
}

const SourceFile* Solution::source(std::string_view path) const {
  for (const SourceFile& file : sources) {
    if (file.path == path) return &file;
  }
  return nullptr;
}

std::string Solution::content_hash() const {
  Sha1 hash;
  hash.add(definition);
  hash.add(kLanguageNames[static_cast<std::size_t>(spec.language)]);
  hash.add(spec.entry_point);
  if (spec.binding) hash.add(kInterfaceNames[static_cast<std::size_t>(*spec.binding)]);
  for (const std::string& dependency : spec.dependencies) hash.add(dependency);
  for (const SourceFile& file : sources) {
    hash.add(file.path);
    hash.add(file.content);
  }
  return hash.hex();
}

std::optional<Solution> read_solution(const Json& value, Findings& findings) {
  Findings own;
  ObjectReader reader(value, "", "the Solution", kSolutionRule, own);
  Solution solution;
  if (reader.is_object()) read_fields(reader, solution);
  if (!own.has_errors()) check_entry_file(solution, own);
  const bool good = !own.has_errors();
  findings.take(std::move(own), "", 0);
  return good ? std::optional<Solution>(std::move(solution)) : std::nullopt;
}

Json to_json(const Solution& solution) {
  ObjectWriter writer(solution.members);
  writer.put("name", solution.name);
  writer.put("definition", solution.definition);
  writer.put_text("description", solution.description);
  writer.put("author", solution.author);
  writer.put("spec", spec_to_json(solution.spec));
  Json sources = Json::array();
  for (const SourceFile& source : solution.sources) sources.push_back(source_to_json(source));
  writer.put("sources", std::move(sources));
  return writer.finish();
}

}  // namespace fib::registry
