// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace fib::cli {

/// Appends JSON to a text as it goes, for output of millions of records: no tree is built. The
/// caller keeps the nesting right; commas are its own business only inside raw().
class JsonWriter {
 public:
  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);

  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(bool truth) { return raw(truth ? "true" : "false"); }
  template <std::integral Integer>
  requires(!std::same_as<Integer, bool>) JsonWriter& value(Integer number) {
    return raw(std::to_string(number));
  }
  JsonWriter& hex(std::uint64_t number);               ///< "0x7f00"
  JsonWriter& bytes(std::span<const std::byte> data);  ///< "00ff"
  JsonWriter& micros(double nanoseconds);              ///< 1234.567, a number
  JsonWriter& raw(std::string_view json);              ///< one whole value

  template <typename Value>
  JsonWriter& field(std::string_view name, const Value& content) {
    return key(name).value(content);
  }
  template <typename Integer, std::size_t N>
  JsonWriter& field(std::string_view name, const Integer (&list)[N]) {
    key(name).begin_array();
    for (const Integer number : list) value(number);
    return end_array();
  }
  JsonWriter& field(std::string_view name, const char* text) { return key(name).value(text); }

  [[nodiscard]] const std::string& text() const { return text_; }
  void clear() {
    text_.clear();
    comma_ = false;
  }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void separate();

  std::string text_;
  bool comma_ = false;  ///< something of the same level stands before
};

}  // namespace fib::cli
