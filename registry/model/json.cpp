// SPDX-License-Identifier: Apache-2.0
#include "registry/model/json.h"

#include <algorithm>
#include <unordered_set>
#include <vector>

namespace fib::registry {
namespace {

/// Builds the value, and stops at the first thing that is refused. nlohmann's own builder neither
/// bounds what it builds nor notices members that occur twice.
class Builder : public nlohmann::json_sax<Json> {
 public:
  Builder(const JsonLimits& limits, Json& root) : limits_(limits), root_(root) {}

  [[nodiscard]] const std::string& error() const { return error_; }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t& text) override {
    if (text.find_first_of(".eE") == string_t::npos) return fail("an integer exceeds 64 bits");
    return add(value);
  }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t&) override { return fail("binary values are no JSON"); }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    if (!levels_.back().keys.insert(name).second) {
      return fail("the member \"" + name.substr(0, 60) + "\" occurs twice in an object");
    }
    key_ = std::move(name);
    return true;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    // The library's text begins with "[json.exception...] " and may quote any length of input.
    std::string what = error.what();
    if (const auto end = what.find("] "); end != std::string::npos) what.erase(0, end + 2);
    if (const auto end = what.find("; last read"); end != std::string::npos) what.erase(end);
    return fail(what.substr(0, 200) + " (byte " + std::to_string(position) + ')');
  }

 private:
  struct Level {
    Json* value;
    std::unordered_set<std::string> keys;
  };

  bool fail(std::string error) {
    if (error_.empty()) error_ = std::move(error);
    return false;
  }

  // The place of a finished value never moves while values are added below it: a container only
  // grows when its last element is complete.
  Json* place(Json&& value) {
    if (++values_ > limits_.values) {
      fail("more than " + std::to_string(limits_.values) + " values");
      return nullptr;
    }
    if (levels_.empty()) return &(root_ = std::move(value));
    Json& parent = *levels_.back().value;
    if (parent.is_array()) {
      auto& elements = parent.get_ref<Json::array_t&>();
      elements.push_back(std::move(value));
      return &elements.back();
    }
    auto& members = parent.get_ref<Json::object_t&>();
    members.emplace_back(std::move(key_), std::move(value));
    return &members.back().second;
  }

  bool add(Json&& value) { return place(std::move(value)) != nullptr; }

  bool open(Json&& value) {
    if (levels_.size() >= limits_.depth) {
      return fail("nested deeper than " + std::to_string(limits_.depth) + " levels");
    }
    Json* const at = place(std::move(value));
    if (at == nullptr) return false;
    levels_.push_back({at, {}});
    return true;
  }

  bool close() {
    levels_.pop_back();
    return true;
  }

  const JsonLimits& limits_;
  Json& root_;
  std::vector<Level> levels_;
  std::string key_, error_;
  std::size_t values_ = 0;
};

std::string escaped(std::string_view key) {
  std::string text;
  for (const char c : key) {
    if (c == '~') {
      text += "~0";
    } else if (c == '/') {
      text += "~1";
    } else {
      text += c;
    }
  }
  return text;
}

using Member = std::pair<std::string_view, const Json*>;

std::vector<Member> sorted_members(const Json& object) {
  std::vector<Member> members;
  for (const auto& [key, value] : object.get_ref<const Json::object_t&>()) {
    members.emplace_back(key, &value);
  }
  std::sort(members.begin(), members.end(),
            [](const Member& a, const Member& b) { return a.first < b.first; });
  return members;
}

bool same_members(const Json& a, const Json& b) {
  const auto left = sorted_members(a), right = sorted_members(b);
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](const Member& x, const Member& y) {
                      return x.first == y.first && same_meaning(*x.second, *y.second);
                    });
}

}  // namespace

ParsedJson parse_json(std::string_view text, const JsonLimits& limits) {
  ParsedJson parsed;
  if (text.size() > limits.bytes) {
    parsed.error = std::to_string(text.size()) + " bytes, more than " +
                   std::to_string(limits.bytes) + " that one JSON text may have";
    return parsed;
  }
  Builder builder(limits, parsed.value);
  if (!Json::sax_parse(text.begin(), text.end(), &builder)) {
    parsed.value = nullptr;
    parsed.error = builder.error().empty() ? "is no JSON" : builder.error();
  }
  return parsed;
}

std::string to_text(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

bool same_meaning(const Json& a, const Json& b) {
  if (a.is_object() && b.is_object()) return same_members(a, b);
  if (!a.is_array() || !b.is_array()) return a == b;
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same_meaning);
}

std::string child(std::string_view pointer, std::string_view key) {
  return std::string(pointer) + '/' + escaped(key);
}

std::string child(std::string_view pointer, std::size_t index) {
  return std::string(pointer) + '/' + std::to_string(index);
}

void append_member(Json& object, std::string key, Json value) {
  object.get_ref<Json::object_t&>().emplace_back(std::move(key), std::move(value));
}

const Json* find_member(const Json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  for (const auto& [name, value] : object.get_ref<const Json::object_t&>()) {
    if (name == key) return &value;
  }
  return nullptr;
}

}  // namespace fib::registry
