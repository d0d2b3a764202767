// SPDX-License-Identifier: Apache-2.0
#include "registry/build/manifest.h"

#include <algorithm>

#include "registry/build/sha256.h"
#include "registry/model/object.h"
#include "registry/store/layout.h"

namespace fib::build {
namespace {

using registry::child;
using registry::Findings;
using registry::Json;
using registry::ObjectReader;

constexpr const char* kManifestRule = "build.manifest";
constexpr std::array<std::string_view, 3> kKindNames = {"cubin", "ptx", "simulated"};
constexpr std::size_t kKeyDigits = 32, kHashDigits = 64;
constexpr std::size_t kMostEntries = 65536, kMostParameters = 4096;

bool is_hex(std::string_view text, std::size_t digits) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  return text.size() == digits && text.find_first_not_of(kDigits) == std::string_view::npos;
}

/// Whether integers may be left out: they then read as nothing.
std::optional<std::uint64_t> number_of(ObjectReader& reader, std::string_view key,
                                       std::uint64_t limit) {
  const Json* const value = reader.member(key);
  if (value == nullptr) return std::nullopt;
  const auto number = registry::integer_of(*value);
  if (number && *number >= 0 && static_cast<std::uint64_t>(*number) <= limit) {
    return static_cast<std::uint64_t>(*number);
  }
  reader.error(key, "is no number from 0 to " + std::to_string(limit), "build again");
  return std::nullopt;
}

class ManifestReader {
 public:
  explicit ManifestReader(Findings& findings) : findings_(findings) {}

  Manifest read(const Json& value) {
    Manifest manifest;
    ObjectReader reader(value, "", "the manifest", kManifestRule, findings_);
    if (!reader.is_object()) return manifest;
    if (number_of(reader, "format", ~0u) != kManifestFormat) {
      reader.error("format", "is not " + std::to_string(kManifestFormat), "build again");
      return manifest;
    }
    manifest.key = digits(reader, "key", kKeyDigits);
    manifest.source_key = digits(reader, "source_key", kKeyDigits);
    manifest.solution = reader.text("solution");
    manifest.content_hash = reader.text("content_hash");
    manifest.arch = read_arch(reader);
    manifest.compiler = reader.text("compiler");
    manifest.version = reader.optional_text("version").value_or("");
    manifest.options = reader.texts("options");
    manifest.built = reader.text("built");
    each(reader, "modules", kMostModules, [&](const Json& module, const std::string& pointer) {
      manifest.modules.push_back(read_module(module, pointer));
    });
    return manifest;
  }

 private:
  template <typename Read>
  void each(ObjectReader& reader, std::string_view key, std::size_t most, Read&& read) {
    const Json* const list = reader.required(key, "an array");
    if (list == nullptr) return;
    if (!list->is_array() || list->size() > most) {
      return reader.error(key, "is no array, or a long one", "build again");
    }
    const std::string pointer = reader.pointer_to(key);
    for (std::size_t i = 0; i < list->size(); ++i) read((*list)[i], child(pointer, i));
  }

  static std::string digits(ObjectReader& reader, std::string_view key, std::size_t count) {
    std::string text = reader.text(key);
    if (!is_hex(text, count)) {
      reader.error(key, "is not " + std::to_string(count) + " hexadecimal digits", "build again");
    }
    return text;
  }

  static Arch read_arch(ObjectReader& reader) {
    const auto arch = arch_of(reader.text("arch"));
    if (!arch) reader.error("arch", "is no architecture", "build again");
    return arch.value_or(Arch{});
  }

  Module read_module(const Json& value, const std::string& pointer) {
    Module module;
    ObjectReader reader(value, pointer, "the module", kManifestRule, findings_);
    if (!reader.is_object()) return module;
    module.name = reader.text("name");
    module.file = reader.text("file");
    if (!registry::is_path_component(module.file) || module.file == kManifestFile) {
      reader.error("file", "is no name of a file beside this one", "build again");
    }
    module.kind = static_cast<BinaryKind>(reader.choice("kind", kKindNames).value_or(0));
    module.arch = read_arch(reader);
    module.bytes = number_of(reader, "bytes", kLargestBinary).value_or(0);
    module.sha256 = digits(reader, "sha256", kHashDigits);
    each(reader, "entries", kMostEntries, [&](const Json& entry, const std::string& at) {
      module.entries.push_back(read_entry(entry, at));
    });
    return module;
  }

  Entry read_entry(const Json& value, const std::string& pointer) {
    Entry entry;
    ObjectReader reader(value, pointer, "the entry", kManifestRule, findings_);
    if (!reader.is_object()) return entry;
    entry.name = reader.text("name");
    const auto number = [&](std::string_view key) -> std::optional<std::uint32_t> {
      const auto found = number_of(reader, key, ~std::uint32_t{0});
      return found ? std::optional(static_cast<std::uint32_t>(*found)) : std::nullopt;
    };
    entry.registers = number("registers");
    entry.shared = number("shared");
    entry.local = number("local");
    entry.spill_stores = number("spill_stores");
    entry.spill_loads = number("spill_loads");
    entry.max_threads = number("max_threads");
    if (const Json* const parameters = reader.member("parameters")) {
      entry.parameters = read_parameters(reader, *parameters);
    }
    return entry;
  }

  static std::vector<match::ParamSlot> read_parameters(ObjectReader& reader, const Json& list) {
    std::vector<match::ParamSlot> slots;
    const auto is_slot = [](const Json& value) {
      const auto is_small = [](const Json& number) {
        return number.is_number_unsigned() && number.get<std::uint64_t>() <= 65535;
      };
      return value.is_array() && value.size() == 2 && is_small(value[0]) && is_small(value[1]);
    };
    if (!list.is_array() || list.size() > kMostParameters ||
        !std::all_of(list.begin(), list.end(), is_slot)) {
      reader.error("parameters", "are not [offset, size] each", "build again");
      return slots;
    }
    for (const Json& slot : list) {
      slots.push_back({slot[0].get<std::uint32_t>(), slot[1].get<std::uint32_t>()});
    }
    return slots;
  }

  Findings& findings_;
};

Json to_json(const Entry& entry) {
  Json json = {{"name", entry.name}};
  const auto put = [&](const char* key, const std::optional<std::uint32_t>& number) {
    if (number) json[key] = *number;
  };
  put("registers", entry.registers);
  put("shared", entry.shared);
  put("local", entry.local);
  put("spill_stores", entry.spill_stores);
  put("spill_loads", entry.spill_loads);
  put("max_threads", entry.max_threads);
  if (!entry.parameters) return json;
  Json& list = json["parameters"] = Json::array();
  for (const match::ParamSlot& slot : *entry.parameters) {
    list.push_back(Json::array({slot.offset, slot.size}));
  }
  return json;
}

Json to_json(const Module& module) {
  Json entries = Json::array();
  for (const Entry& entry : module.entries) entries.push_back(to_json(entry));
  return {{"name", module.name},
          {"file", module.file},
          {"kind", kKindNames[static_cast<std::size_t>(module.kind)]},
          {"arch", to_string(module.arch)},
          {"bytes", module.bytes},
          {"sha256", module.sha256},
          {"entries", std::move(entries)}};
}

template <typename T>
const T* named(const std::vector<T>& list, std::string_view name) {
  const auto found =
      std::find_if(list.begin(), list.end(), [&](const T& it) { return it.name == name; });
  return found != list.end() ? &*found : nullptr;
}

}  // namespace

const Entry* Module::entry(std::string_view wanted) const { return named(entries, wanted); }
const Module* Manifest::module(std::string_view wanted) const { return named(modules, wanted); }

ParsedManifest read_manifest(std::string_view text) {
  const registry::ParsedJson parsed = registry::parse_json(text, {kLargestManifest, 16});
  if (!parsed.ok()) return {std::nullopt, "is no JSON: " + parsed.error};
  Findings findings;
  Manifest manifest = ManifestReader(findings).read(parsed.value);
  if (findings.list().empty()) return {std::move(manifest), ""};
  const registry::Finding& first = findings.list().front();
  const std::string place = first.pointer.empty() ? "" : first.pointer + ": ";
  return {std::nullopt, "is no manifest of a build: " + place + first.message};
}

Json to_json(const Manifest& manifest) {
  Json modules = Json::array();
  for (const Module& module : manifest.modules) modules.push_back(to_json(module));
  Json json = {{"format", kManifestFormat},
               {"key", manifest.key},
               {"source_key", manifest.source_key},
               {"solution", manifest.solution},
               {"content_hash", manifest.content_hash},
               {"arch", to_string(manifest.arch)},
               {"compiler", manifest.compiler}};
  if (!manifest.version.empty()) json["version"] = manifest.version;
  json["options"] = manifest.options;
  json["built"] = manifest.built;
  json["modules"] = std::move(modules);
  return json;
}

bool is_intact(const Module& module, std::span<const std::byte> content) {
  return content.size() == module.bytes && sha256(content) == module.sha256;
}

std::string module_of(const match::KernelLaunchSpec& kernel, const registry::Solution& solution) {
  return kernel.module.empty() ? std::string(solution.spec.entry_file()) : kernel.module;
}

const Manifest* choose(std::span<const Manifest> builds, Capability gpu) {
  const Manifest* best = nullptr;
  for (const Manifest& build : builds) {
    const Arch archs[] = {best != nullptr ? best->arch : build.arch, build.arch};
    const auto found = best_for(archs, gpu);
    if (!found) continue;
    const bool newer = best == nullptr || (archs[0] == archs[1] && build.built > best->built);
    if (*found == 1 || newer) best = &build;
  }
  return best;
}

}  // namespace fib::build
