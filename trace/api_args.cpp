// SPDX-License-Identifier: Apache-2.0
#include "trace/api_args.h"

#include <algorithm>
#include <cstddef>

namespace fib::trace {
namespace {

ArgSpec parse_word(std::string_view word) {
  const std::string_view rest = word.substr(1);
  switch (word[0]) {
    case '=': return {rest, ArgKind::Output, {}};
    case '$': return {rest, ArgKind::String, {}};
    case '*': break;
    default: return {word, ArgKind::Value, {}};
  }
  const auto open = rest.find('[');
  if (open == std::string_view::npos || !rest.ends_with(']')) return {rest, ArgKind::Struct, {}};
  return {rest.substr(0, open), ArgKind::Array, rest.substr(open + 1, rest.size() - open - 2)};
}

std::string_view nameless(std::size_t index) {
  static constexpr std::string_view kNames[] = {"arg0",  "arg1",  "arg2",  "arg3", "arg4",  "arg5",
                                                "arg6",  "arg7",  "arg8",  "arg9", "arg10", "arg11",
                                                "arg12", "arg13", "arg14", "arg15"};
  return index < std::size(kNames) ? kNames[index] : std::string_view("arg");
}

bool always_blob(ArgKind kind) { return kind != ArgKind::Value && kind != ArgKind::Output; }

std::uint64_t padded_length(std::uint64_t bytes) {
  return bytes > UINT64_MAX - 7 ? UINT64_MAX : (bytes + 7) & ~std::uint64_t{7};
}

/// Outputs and by-value structures of more than 8 bytes are blobs as well. At most one argument of
/// any driver call is such, so it is the one whose length equals what the certain blobs leave over.
void mark_large_value(std::vector<CallArg>& args, std::uint64_t left_over) {
  for (CallArg& arg : args) {
    if (always_blob(arg.kind) || arg.word <= 8 || padded_length(arg.word) != left_over) continue;
    arg.has_blob = true;
    return;
  }
}

void mark_blobs(std::vector<CallArg>& args, std::uint64_t available) {
  std::uint64_t certain = 0;
  for (CallArg& arg : args) {
    if (!always_blob(arg.kind)) continue;
    arg.has_blob = true;
    certain += padded_length(arg.word);  // a sum that wraps around fails in slice_blobs
  }
  if (certain < available) mark_large_value(args, available - certain);
}

/// Hands out the blobs in order; false if they do not use exactly what is there.
bool slice_blobs(std::vector<CallArg>& args, Bytes blobs) {
  bool fits = true;
  for (CallArg& arg : args) {
    if (!arg.has_blob) continue;
    fits = fits && padded_length(arg.word) <= blobs.size();
    arg.blob = blobs.first(std::min<std::uint64_t>(arg.word, blobs.size()));
    blobs = blobs.subspan(std::min<std::uint64_t>(padded_length(arg.word), blobs.size()));
  }
  return fits && blobs.empty();
}

}  // namespace

std::vector<ArgSpec> parse_api_args(std::string_view args) {
  std::vector<ArgSpec> specs;
  while (!args.empty()) {
    const auto end = std::min(args.find(' '), args.size());
    if (end > 0) specs.push_back(parse_word(args.substr(0, end)));
    args.remove_prefix(std::min(end + 1, args.size()));
  }
  return specs;
}

CallArgs bind_args(std::span<const ArgSpec> specs, const Call& call) {
  CallArgs bound;
  for (std::size_t i = 0; i < call.words.size(); ++i) {
    const ArgSpec spec = i < specs.size() ? specs[i] : ArgSpec{nameless(i), ArgKind::Value, {}};
    bound.args.push_back({spec.name, spec.kind, call.words[i], false, {}});
  }
  if (call.words.size() != specs.size()) {
    bound.problem = std::to_string(call.words.size()) + " words for " +
                    std::to_string(specs.size()) + " arguments";
  }
  mark_blobs(bound.args, call.blobs.size());
  if (!slice_blobs(bound.args, call.blobs) && bound.problem.empty()) {
    bound.problem =
        "blobs do not add up to the " + std::to_string(call.blobs.size()) + " bytes that are there";
  }
  return bound;
}

}  // namespace fib::trace
