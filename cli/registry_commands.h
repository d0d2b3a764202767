// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/exit_codes.h"
#include "cli/verb.h"
#include "registry/store/registry.h"

/// The verbs of `fib registry`: each is a Verb of its own.
namespace fib::cli {

[[nodiscard]] std::unique_ptr<Verb> make_registry_validate_verb();
[[nodiscard]] std::unique_ptr<Verb> make_registry_list_verb();
[[nodiscard]] std::unique_ptr<Verb> make_registry_show_verb();
[[nodiscard]] std::unique_ptr<Verb> make_registry_import_verb();
[[nodiscard]] std::unique_ptr<Verb> make_registry_add_verb();
[[nodiscard]] std::unique_ptr<Verb> make_registry_remove_verb();
[[nodiscard]] std::unique_ptr<Verb> make_registry_bind_verb();
[[nodiscard]] std::unique_ptr<Verb> make_registry_build_verb();
[[nodiscard]] std::unique_ptr<Verb> make_registry_import_triton_verb();

/// Opens a registry, or throws CliError with kExitUnreadable.
[[nodiscard]] registry::Registry open_registry(const std::string& path, bool follow_links = false);

/// The text without control characters: what is in files is anybody's, and no escape sequence of
/// theirs reaches the terminal. Line feeds too, unless `lines`.
[[nodiscard]] std::string printable(std::string text, bool lines = false);

/// Prints findings, the level in colour; of those of one rule in one file at most `most` (0: all),
/// and then how many more.
void print_findings(const Context& context, const std::vector<registry::Finding>& findings,
                    registry::Level least, std::size_t most);

/// One finding as an object with level, rule, file, line, pointer, message and remedy.
[[nodiscard]] registry::Json to_json(const registry::Finding& finding);

}  // namespace fib::cli
