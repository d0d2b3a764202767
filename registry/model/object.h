// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "registry/model/finding.h"
#include "registry/model/json.h"
#include "registry/model/named.h"

/// From JSON objects to records and back, losing nothing.
namespace fib::registry {

/// The members that an object had when it was read: their order, and the values of those that we
/// do not know. A record that was built in memory has none.
class Members {
 public:
  struct Member {
    std::string key;
    std::optional<Json> unknown;  ///< the value; nothing for a member that the record's fields hold
  };

  [[nodiscard]] bool was_read() const { return was_read_; }
  [[nodiscard]] const std::vector<Member>& list() const { return list_; }
  /// The value of a member that is none of the record's fields, or null.
  [[nodiscard]] const Json* unknown(std::string_view key) const;
  /// Sets a member that is none of the record's fields.
  void set_unknown(std::string key, Json value);

 private:
  friend class ObjectReader;
  std::vector<Member> list_;
  bool was_read_ = false;
};

/// Reads the members of an object. What is missing or of the wrong type becomes an error of rule
/// `rule`, and the value that is returned is empty.
class ObjectReader {
 public:
  /// `what` names the object in messages: "the Definition". Both live longer than the reader.
  ObjectReader(const Json& value, std::string pointer, std::string_view what, std::string rule,
               Findings& findings);

  /// Whether the value is an object at all; if not, an error was added.
  [[nodiscard]] bool is_object() const { return is_object_; }

  /// A member, null if there is none. From now on it counts as known.
  const Json* member(std::string_view key);
  /// The same; an error if there is none. `expected` says what to write.
  const Json* required(std::string_view key, std::string_view expected);

  [[nodiscard]] std::string text(std::string_view key);  ///< required, not empty
  [[nodiscard]] std::optional<std::string> optional_text(std::string_view key);  ///< may be null
  /// One of `names`, as its index.
  [[nodiscard]] std::optional<std::size_t> choice(std::string_view key,
                                                  std::span<const std::string_view> names);
  [[nodiscard]] std::int64_t count(std::string_view key);  ///< required, >= 0
  [[nodiscard]] bool boolean(std::string_view key, bool fallback);
  /// A number, or as upstream writes them, "NaN", "Infinity" and "-Infinity".
  [[nodiscard]] double number(std::string_view key, double fallback);
  /// An array of strings; none of them empty unless `allow_empty`. Empty if missing.
  [[nodiscard]] std::vector<std::string> texts(std::string_view key, bool allow_empty = false);

  /// The members of a required object, at most kMostNames; null, and an error, if there is none.
  [[nodiscard]] const Json* names(std::string_view key);

  void error(std::string_view key, std::string message, std::string remedy);
  [[nodiscard]] std::string pointer_to(std::string_view key) const;
  [[nodiscard]] Findings& findings() { return findings_; }
  [[nodiscard]] const std::string& rule() const { return rule_; }

  /// What goes into the record: order and unknown members. Call it after all fields were read.
  [[nodiscard]] Members members() const;

 private:
  void wrong_type(std::string_view key, const Json& value, std::string_view expected);

  const Json& value_;
  std::string pointer_;
  std::string_view what_;
  std::string rule_;
  Findings& findings_;
  std::vector<std::string_view> known_;
  bool is_object_;
};

/// Writes a record's fields into an object, in the order in which they were read.
class ObjectWriter {
 public:
  explicit ObjectWriter(const Members& members) : members_(members) {}

  /// A field that every object has.
  void put(std::string_view key, Json value) { put_if(true, key, std::move(value)); }
  /// A field that is written only if it was read, or if `worth` says that it is no default.
  void put_if(bool worth, std::string_view key, Json value);
  void put_text(std::string_view key, const std::optional<std::string>& text);

  [[nodiscard]] Json finish();

 private:
  struct Field {
    std::string_view key;
    Json value;
    bool worth, written;
  };

  const Members& members_;
  std::vector<Field> fields_;
};

/// "a string", "an object", "null" ...: for messages.
[[nodiscard]] std::string type_of(const Json& value);

/// NaN and infinities as upstream spells them, all else as a number.
[[nodiscard]] Json number_to_json(double value);
/// The other way round; nothing if `value` is no number.
[[nodiscard]] std::optional<double> number_of(const Json& value);
/// The integer, 4.0 included as upstream has it; nothing if there is none within 64 bits.
[[nodiscard]] std::optional<std::int64_t> integer_of(const Json& value);

/// Axes, inputs and the like that one record may have: far more than any real one, and few enough
/// that looking through all of them for each of them is no attack.
inline constexpr std::size_t kMostNames = 1024;

}  // namespace fib::registry
