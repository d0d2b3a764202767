// SPDX-License-Identifier: Apache-2.0
#include "registry/model/object.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace fib::registry {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

std::string joined(std::span<const std::string_view> names) {
  std::string text;
  for (const std::string_view name : names) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

}  // namespace

std::string type_of(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null: return "null";
    case Json::value_t::object: return "an object";
    case Json::value_t::array: return "an array";
    case Json::value_t::string:
      return value.get_ref<const std::string&>().empty() ? "an empty string" : "a string";
    case Json::value_t::boolean: return "a truth value";
    default: return "the number " + to_text(value).substr(0, 40);
  }
}

Json number_to_json(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return value;
}

std::optional<double> number_of(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (value == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (value == "Infinity" || value == "inf") return kInfinity;
  if (value == "-Infinity" || value == "-inf") return -kInfinity;
  return std::nullopt;
}

std::optional<std::int64_t> integer_of(const Json& value) {
  constexpr auto kLargest = std::numeric_limits<std::int64_t>::max();
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    if (number > static_cast<std::uint64_t>(kLargest)) return std::nullopt;
    return static_cast<std::int64_t>(number);
  }
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (!value.is_number_float()) return std::nullopt;
  const double number = value.get<double>();
  if (std::abs(number) > 0x1p53 || number != std::floor(number)) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

const Json* Members::unknown(std::string_view key) const {
  for (const Member& member : list_) {
    if (member.key == key && member.unknown) return &*member.unknown;
  }
  return nullptr;
}

void Members::set_unknown(std::string key, Json value) {
  for (Member& member : list_) {
    if (member.key == key) {
      member.unknown = std::move(value);
      return;
    }
  }
  list_.push_back({std::move(key), std::move(value)});
}

ObjectReader::ObjectReader(const Json& value, std::string pointer, std::string_view what,
                           std::string rule, Findings& findings)
    : value_(value),
      pointer_(std::move(pointer)),
      what_(what),
      rule_(std::move(rule)),
      findings_(findings),
      is_object_(value.is_object()) {
  if (is_object_) return;
  findings_.error(rule_, pointer_, std::string(what_) + " is " + type_of(value),
                  "write an object: {...}");
}

std::string ObjectReader::pointer_to(std::string_view key) const { return child(pointer_, key); }

void ObjectReader::error(std::string_view key, std::string message, std::string remedy) {
  findings_.error(rule_, key.empty() ? pointer_ : pointer_to(key), std::move(message),
                  std::move(remedy));
}

void ObjectReader::wrong_type(std::string_view key, const Json& value, std::string_view expected) {
  error(key, quoted(key) + " of " + std::string(what_) + " is " + type_of(value),
        "write " + std::string(expected));
}

const Json* ObjectReader::member(std::string_view key) {
  const Json* const value = find_member(value_, key);
  if (value != nullptr) known_.push_back(key);
  return value;
}

const Json* ObjectReader::required(std::string_view key, std::string_view expected) {
  const Json* const value = member(key);
  if (value == nullptr && is_object_) {
    findings_.error(rule_, pointer_, std::string(what_) + " has no " + quoted(key),
                    "add " + quoted(key) + ": " + std::string(expected));
  }
  return value;
}

std::string ObjectReader::text(std::string_view key) {
  constexpr std::string_view kExpected = "a string that is not empty";
  const Json* const value = required(key, kExpected);
  if (value == nullptr) return {};
  if (value->is_string() && !value->get_ref<const std::string&>().empty()) {
    return value->get<std::string>();
  }
  wrong_type(key, *value, kExpected);
  return {};
}

std::optional<std::string> ObjectReader::optional_text(std::string_view key) {
  const Json* const value = member(key);
  if (value == nullptr || value->is_null()) return std::nullopt;
  if (value->is_string()) return value->get<std::string>();
  wrong_type(key, *value, "a string or null");
  return std::nullopt;
}

std::optional<std::size_t> ObjectReader::choice(std::string_view key,
                                                std::span<const std::string_view> names) {
  const std::string expected = "one of " + joined(names);
  const Json* const value = required(key, expected);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) {
    wrong_type(key, *value, expected);
    return std::nullopt;
  }
  const auto& text = value->get_ref<const std::string&>();
  const auto found = std::find(names.begin(), names.end(), text);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  error(key, quoted(key) + " of " + std::string(what_) + " is \"" + text.substr(0, 60) + '"',
        "write " + expected);
  return std::nullopt;
}

std::int64_t ObjectReader::count(std::string_view key) {
  constexpr std::string_view kExpected = "an integer from 0 to 2^63 - 1";
  const Json* const value = required(key, kExpected);
  if (value == nullptr) return 0;
  const auto number = integer_of(*value);
  if (number && *number >= 0) return *number;
  wrong_type(key, *value, kExpected);
  return 0;
}

bool ObjectReader::boolean(std::string_view key, bool fallback) {
  const Json* const value = member(key);
  if (value == nullptr) return fallback;
  if (value->is_boolean()) return value->get<bool>();
  wrong_type(key, *value, "true or false");
  return fallback;
}

double ObjectReader::number(std::string_view key, double fallback) {
  const Json* const value = member(key);
  if (value == nullptr) return fallback;
  if (const auto number = number_of(*value)) return *number;
  wrong_type(key, *value, "a number, or \"NaN\" or \"Infinity\"");
  return fallback;
}

std::vector<std::string> ObjectReader::texts(std::string_view key, bool allow_empty) {
  const Json* const value = member(key);
  std::vector<std::string> list;
  if (value == nullptr) return list;
  if (!value->is_array()) {
    wrong_type(key, *value, "an array of strings");
    return list;
  }
  for (std::size_t i = 0; i < value->size(); ++i) {
    const Json& element = (*value)[i];
    if (element.is_string() && (allow_empty || !element.get_ref<const std::string&>().empty())) {
      list.push_back(element.get<std::string>());
    } else {
      findings_.error(rule_, child(pointer_to(key), i), "is " + type_of(element),
                      "write a string that is not empty");
    }
  }
  return list;
}

const Json* ObjectReader::names(std::string_view key) {
  const Json* const value = required(key, "an object: {name: ...}");
  if (value == nullptr) return nullptr;
  if (value->is_object() && value->size() <= kMostNames) return value;
  error(key,
        value->is_object() ? "has " + std::to_string(value->size()) + " members"
                           : "is " + type_of(*value),
        "write an object, {name: ...}, of at most " + std::to_string(kMostNames) + " members");
  return nullptr;
}

Members ObjectReader::members() const {
  Members members;
  members.was_read_ = true;
  if (!is_object_) return members;
  for (const auto& [key, value] : value_.get_ref<const Json::object_t&>()) {
    const bool known = std::find(known_.begin(), known_.end(), key) != known_.end();
    members.list_.push_back({key, known ? std::nullopt : std::optional<Json>(value)});
  }
  return members;
}

void ObjectWriter::put_if(bool worth, std::string_view key, Json value) {
  fields_.push_back({key, std::move(value), worth, false});
}

void ObjectWriter::put_text(std::string_view key, const std::optional<std::string>& text) {
  put_if(text.has_value(), key, text ? Json(*text) : Json(nullptr));
}

Json ObjectWriter::finish() {
  Json object = Json::object();
  for (const Members::Member& member : members_.list()) {
    if (member.unknown) {
      append_member(object, member.key, *member.unknown);
      continue;
    }
    for (Field& field : fields_) {
      if (field.key != member.key) continue;
      append_member(object, member.key, std::move(field.value));
      field.written = true;
    }
  }
  for (Field& field : fields_) {
    if (!field.written && field.worth) {
      append_member(object, std::string(field.key), std::move(field.value));
    }
  }
  return object;
}

}  // namespace fib::registry
