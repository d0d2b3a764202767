// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "trace/records.h"

/// Gives the words and blobs of Call records their names. The grammar of argument words is at the
/// top of driver/driver_api.def.
namespace fib::trace {

enum class ArgKind {
  Value,   ///< `name`
  Output,  ///< `=name`
  Struct,  ///< `*name`
  Array,   ///< `*name[count]`
  String,  ///< `$name`
};

/// One argument word. Views point into the text that was parsed.
struct ArgSpec {
  std::string_view name;
  ArgKind kind;
  std::string_view count;  ///< of an Array: the argument that tells the number of its elements
};

/// Never fails: a word that it cannot make sense of is a Value of that name.
[[nodiscard]] std::vector<ArgSpec> parse_api_args(std::string_view args);

struct CallArg {
  std::string_view name;
  ArgKind kind;
  std::uint64_t word;     ///< the value, or the blob's length
  bool has_blob = false;  ///< the argument is `blob`, not `word`
  Bytes blob;             ///< valid as long as the Call; may be cut short when there is a problem
};

struct CallArgs {
  std::vector<CallArg> args;
  std::string problem;  ///< what does not fit, empty if all is well; args are then a best guess
};

/// Pairs the arguments of a call with their names. Whether an Output or a Value is a blob is not in
/// the record: it is whichever makes the blobs' lengths add up to the bytes that are there. Words
/// without a name are called "arg<index>" ("arg" beyond the 16th).
[[nodiscard]] CallArgs bind_args(std::span<const ArgSpec> specs, const Call& call);

}  // namespace fib::trace
