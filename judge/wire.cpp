// SPDX-License-Identifier: Apache-2.0
#include "judge/wire.h"

#include <cmath>
#include <limits>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace fib::judge {
namespace {

using registry::Json;

// Every record lists its members once; the same list writes and reads them. What a list does not
// say is written or read by the overloads of write() and read().

template <class Fields>
void list(Case& c, Fields&& field) {
  field("id", c.id);
  field("definition", c.definition);
  field("binding", c.binding);
  field("kernel", c.kernel);
  field("axes", c.axes);
  field("count", c.count);
  field("role", c.role);
  field("gpu", c.gpu);
  field("capture", c.capture);
  field("process", c.process);
  field("window", c.window);
  field("launch", c.launch);
  field("replayed_ns", c.replayed_ns);
  field("extract_bytes", c.extract_bytes);
}

template <class Fields>
void list(TimingOptions& t, Fields&& field) {
  field("enabled", t.enabled);
  field("min_pairs", t.min_pairs);
  field("max_pairs", t.max_pairs);
  field("max_seconds", t.max_seconds);
  field("confidence", t.confidence);
  field("half_width", t.half_width);
  field("margin", t.margin);
  field("cold", t.cold);
  field("warm", t.warm);
  field("graph", t.graph);
  field("graph_below_us", t.graph_below_us);
  field("force_events", t.force_events);
}

template <class Fields>
void list(TrialRequest& r, Fields&& field) {
  field("case", r.subject);
  field("directory", r.subject.directory);
  field("registry", r.registry);
  field("cache", r.cache);
  field("solution", r.solution);
  field("workload", r.workload);
  field("baseline", r.baseline);
  field("device", r.device);
  field("seed", r.seed);
  field("fresh_runs", r.fresh_runs);
  field("timing", r.timing);
}

template <class Fields>
void list(FirstWrong& w, Fields&& field) {
  field("output", w.output);
  field("index", w.index);
  field("expected", w.expected);
  field("got", w.got);
}

template <class Fields>
void list(CheckResult& c, Fields&& field) {
  field("name", c.name);
  field("passed", c.passed);
  field("detail", c.detail);
}

template <class Fields>
void list(ModeTiming& m, Fields&& field) {
  field("mode", m.mode);
  field("incumbent_ns", m.incumbent_ns);
  field("candidate_ns", m.candidate_ns);
  field("ratio", m.ratio);
  field("low", m.low);
  field("high", m.high);
  field("confidence", m.confidence);
  field("pairs", m.pairs);
  field("dropped", m.dropped);
  field("verdict", m.verdict);
}

template <class Fields>
void list(Clocks& c, Fields&& field) {
  field("sm_mhz_min", c.sm_mhz_min);
  field("sm_mhz_max", c.sm_mhz_max);
  field("memory_mhz", c.memory_mhz);
  field("temperature", c.temperature);
  field("power_watts", c.power_watts);
  field("throttled", c.throttled);
}

template <class Fields>
void list(TrialResult& r, Fields&& field) {
  field("status", r.status);
  field("reason", r.reason);
  field("detail", r.detail);
  field("applicable", r.applicable);
  field("max_absolute_error", r.max_absolute_error);
  field("max_relative_error", r.max_relative_error);
  field("matched_ratio", r.matched_ratio);
  field("first_wrong", r.first_wrong);
  field("checks", r.checks);
  field("incumbent_deterministic", r.incumbent_deterministic);
  field("incumbent_note", r.incumbent_note);
  field("timing", r.timing);
  field("baseline", r.baseline);
  field("time_source", r.time_source);
  field("clocks", r.clocks);
  field("gpu", r.gpu);
  field("gpu_uuid", r.gpu_uuid);
  field("driver", r.driver);
  field("seconds", r.seconds);
  field("bytes_touched", r.bytes_touched);
  field("peak_bytes_per_second", r.peak_bytes_per_second);
  field("inputs", r.inputs);
  field("libs", r.libs);
}

template <class T>
concept Listed = requires(T& value) {
  list(value, [](const char*, auto&) {});
};

// ---- writing ------------------------------------------------------------------------------------

Json write(const std::filesystem::path& value) { return value.string(); }
Json write(registry::Status value) { return registry::to_string(value); }

/// JSON has no infinity and no NaN; as upstream, they are strings.
Json write(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return value;
}

template <class T>
Json write(const std::optional<T>& value);
template <class T>
Json write(const std::vector<T>& values);

template <class T>
Json write(const T& value) {
  if constexpr (Listed<T>) {
    Json object = Json::object();
    // The lists take what they read into, too; nothing is changed here.
    list(const_cast<T&>(value),
         [&](const char* key, const auto& member) { object[key] = write(member); });
    return object;
  } else {
    return value;
  }
}

template <class T>
Json write(const std::optional<T>& value) {
  return value ? write(*value) : Json(nullptr);
}

template <class T>
Json write(const std::vector<T>& values) {
  Json array = Json::array();
  for (const T& value : values) array.push_back(write(value));
  return array;
}

// ---- reading ------------------------------------------------------------------------------------

[[noreturn]] void refuse(const std::string& key, const char* expected) {
  throw std::runtime_error("member \"" + key + "\" should be " + expected);
}

void read(const Json& json, const std::string& key, std::filesystem::path& value) {
  if (!json.is_string()) refuse(key, "a path");
  value = json.get<std::string>();
}

void read(const Json& json, const std::string& key, registry::Status& value) {
  const std::string name = json.is_string() ? json.get<std::string>() : "";
  for (std::size_t i = 0; i < registry::kStatusNames.size(); ++i) {
    if (registry::kStatusNames[i] != name) continue;
    value = static_cast<registry::Status>(i);
    return;
  }
  refuse(key, "one of the seven statuses");
}

void read(const Json& json, const std::string& key, double& value) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (json.is_number())
    value = json.get<double>();
  else if (json == "NaN")
    value = std::numeric_limits<double>::quiet_NaN();
  else if (json == "Infinity" || json == "-Infinity")
    value = json == "Infinity" ? kInfinity : -kInfinity;
  else
    refuse(key, "a number");
}

template <class T>
void read(const Json& json, const std::string& key, std::optional<T>& value);
template <class T>
void read(const Json& json, const std::string& key, std::vector<T>& values);

template <class T>
void read(const Json& json, const std::string& key, T& value) {
  if constexpr (Listed<T>) {
    if (!json.is_object()) refuse(key, "an object");
    list(value, [&](const char* name, auto& member) {
      const Json* found = registry::find_member(json, name);
      if (found == nullptr) throw std::runtime_error(std::string("no member \"") + name + '"');
      read(*found, name, member);
    });
  } else if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
    if (!json.is_number_integer()) refuse(key, "an integer");
    const bool fits = json.is_number_unsigned() ? std::in_range<T>(json.get<std::uint64_t>())
                                                : std::in_range<T>(json.get<std::int64_t>());
    if (!fits) refuse(key, "an integer within its range");
    value = json.get<T>();
  } else {
    try {
      value = json.get<T>();
    } catch (const nlohmann::json::exception&) {
      refuse(key, "of another type");
    }
  }
}

template <class T>
void read(const Json& json, const std::string& key, std::optional<T>& value) {
  value.reset();
  if (!json.is_null()) read(json, key, value.emplace());
}

template <class T>
void read(const Json& json, const std::string& key, std::vector<T>& values) {
  if (!json.is_array()) refuse(key, "an array");
  values.clear();
  for (const Json& element : json) read(element, key, values.emplace_back());
}

template <class T>
T whole(const Json& json, const char* what) {
  T value;
  read(json, what, value);
  return value;
}

}  // namespace

Json to_json(const Case& subject) { return write(subject); }
Json to_json(const TrialRequest& request) { return write(request); }
Json to_json(const TrialResult& result) { return write(result); }

Case case_of(const Json& json, const std::filesystem::path& directory) {
  auto subject = whole<Case>(json, "case");
  subject.directory = directory;
  return subject;
}

TrialRequest request_of(const Json& json) { return whole<TrialRequest>(json, "request"); }
TrialResult result_of(const Json& json) { return whole<TrialResult>(json, "result"); }

}  // namespace fib::judge
