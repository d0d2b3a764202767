// SPDX-License-Identifier: Apache-2.0
#include "registry/bindings/policies.h"

#include <array>
#include <cmath>

namespace fib::registry {
namespace {

constexpr const char* kPolicyRule = "policy.syntax";
constexpr std::array<std::string_view, 2> kOnMiss = {"fallback_only", "use_def_best"};
constexpr std::array<std::string_view, 2> kBaselines = {"incumbent", "reference"};

/// A finite number from `low` to `high`.
void read_double(ObjectReader& reader, std::string_view key, double low, double high, double& to) {
  const Json* const value = reader.member(key);
  if (value == nullptr) return;
  const double number = value->is_number() ? value->get<double>() : std::nan("");
  if (number >= low && number <= high) {
    to = number;
  } else {
    reader.error(key, "is no number from " + to_text(Json(low)) + " to " + to_text(Json(high)),
                 "write one");
  }
}

void read_bound(ObjectReader& reader, std::string_view key, std::optional<double>& to) {
  double number = -1;
  read_double(reader, key, 0, 1e30, number);
  if (number >= 0) to = number;
}

void read_ranges(ObjectReader& reader, match::Policy& policy) {
  const Json* const value = reader.member("ranges");
  if (value == nullptr) return;
  if (value->is_boolean()) {
    policy.ranges = value->get<bool>();
    policy.range_axes.reset();
  } else if (value->is_array()) {
    policy.ranges = true;
    policy.range_axes = reader.texts("ranges");
  } else {
    reader.error("ranges", "is " + type_of(*value), "write true, false or a list of axes");
  }
}

void read_policy(const Json& value, const std::string& pointer, DefinitionPolicy& policy,
                 Findings& findings) {
  constexpr double kHuge = 1e9;
  Findings own;
  ObjectReader reader(value, pointer, "the policy", kPolicyRule, own);
  if (reader.is_object()) {
    match::Policy& match = policy.match;
    match.enabled = reader.boolean("enabled", match.enabled);
    read_bound(reader, "max_atol", match.max_absolute_error);
    read_bound(reader, "max_rtol", match.max_relative_error);
    read_double(reader, "min_speedup", 0, kHuge, match.min_speedup);
    read_double(reader, "confidence", 0, 1, match.confidence);
    match.require_confidence = reader.boolean("require_confidence", match.require_confidence);
    read_double(reader, "range_ratio", 1, kHuge, match.range_ratio);
    read_ranges(reader, match);
    if (reader.member("on_miss_policy") != nullptr) {
      match.on_miss =
          static_cast<match::OnMiss>(reader.choice("on_miss_policy", kOnMiss).value_or(0));
    }
    if (reader.member("baseline") != nullptr) {
      policy.baseline = static_cast<Baseline>(reader.choice("baseline", kBaselines).value_or(0));
    }
    match.same_code = reader.boolean("same_code", match.same_code);
    if (auto pin = reader.optional_text("pin")) match.pin = *pin;
  }
  if (own.has_errors()) policy.match.enabled = false;
  for (const Finding& finding : own.list()) findings.add(finding);
}

void read_named(const Json& value, Policies& policies, Findings& findings) {
  ObjectReader reader(value, "/per_definition", "the list of policies", kPolicyRule, findings);
  if (!reader.is_object()) {
    policies.fallback.match.enabled = false;
    return;
  }
  for (const auto& [name, policy] : value.get_ref<const Json::object_t&>()) {
    DefinitionPolicy own = policies.fallback;
    read_policy(policy, child("/per_definition", name), own, findings);
    policies.per_definition.emplace(name, std::move(own));
  }
}

/// {"<solution>": {"reason": text, ...}}. The name is what counts: one whose reason can't be read
/// is demoted all the same.
void read_demoted(const Json& value, Policies& policies, Findings& findings) {
  ObjectReader reader(value, "/demoted", "the list of demoted Solutions", kPolicyRule, findings);
  if (!reader.is_object()) {
    policies.fallback.match.enabled = false;
    policies.per_definition.clear();
    return;
  }
  for (const auto& [name, entry] : value.get_ref<const Json::object_t&>()) {
    ObjectReader one(entry, child("/demoted", name), "the demotion", kPolicyRule, findings);
    const auto reason = one.is_object() ? one.optional_text("reason") : std::nullopt;
    policies.demoted.emplace(name, "demoted in the registry" + (reason ? ": " + *reason : ""));
  }
}

}  // namespace

const DefinitionPolicy& Policies::of(const std::string& definition) const {
  const auto found = per_definition.find(definition);
  return found != per_definition.end() ? found->second : fallback;
}

Policies read_policies(const Json& value, Findings& findings) {
  Policies policies;
  ObjectReader reader(value, "", "the file of policies", kPolicyRule, findings);
  if (!reader.is_object()) {
    policies.fallback.match.enabled = false;
    return policies;
  }
  if (const Json* const fallback = reader.member("default")) {
    read_policy(*fallback, "/default", policies.fallback, findings);
  }
  if (const Json* const named = reader.member("per_definition")) {
    read_named(*named, policies, findings);
  }
  if (const Json* const demoted = reader.member("demoted")) {
    read_demoted(*demoted, policies, findings);
  }
  return policies;
}

}  // namespace fib::registry
