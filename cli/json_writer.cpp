// SPDX-License-Identifier: Apache-2.0
#include "cli/json_writer.h"

#include <cstdio>
#include <nlohmann/json.hpp>

namespace fib::cli {
namespace {

constexpr char kDigits[] = "0123456789abcdef";

bool is_plain(std::string_view text) {
  for (const char c : text) {
    if (c < 0x20 || c > 0x7e || c == '"' || c == '\\') return false;
  }
  return true;
}

}  // namespace

void JsonWriter::separate() {
  if (comma_) text_ += ',';
  comma_ = true;
}

JsonWriter& JsonWriter::open(char bracket) {
  separate();
  text_ += bracket;
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  text_ += bracket;
  comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  value(name);
  text_ += ':';
  comma_ = false;
  return *this;
}

// Nearly all texts are names of plain ASCII; the rest goes through the JSON library, which turns
// what is no UTF-8 into U+FFFD.
JsonWriter& JsonWriter::value(std::string_view text) {
  if (!is_plain(text)) {
    using Json = nlohmann::json;
    return raw(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  separate();
  text_ += '"';
  text_ += text;
  text_ += '"';
  return *this;
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  text_ += json;
  return *this;
}

JsonWriter& JsonWriter::hex(std::uint64_t number) {
  char digits[24];
  std::snprintf(digits, sizeof digits, "0x%llx", static_cast<unsigned long long>(number));
  return value(digits);
}

JsonWriter& JsonWriter::bytes(std::span<const std::byte> data) {
  separate();
  text_ += '"';
  for (const std::byte byte : data) {
    const auto number = std::to_integer<unsigned>(byte);
    text_ += kDigits[number >> 4];
    text_ += kDigits[number & 15];
  }
  text_ += '"';
  return *this;
}

JsonWriter& JsonWriter::micros(double nanoseconds) {
  char digits[64];
  std::snprintf(digits, sizeof digits, "%.3f", nanoseconds / 1e3);
  return raw(digits);
}

}  // namespace fib::cli
