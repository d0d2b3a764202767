// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "registry/validate/subject.h"

/// The checks, by group; docs/registry.md lists their rules. Each adds to `findings`.
namespace fib::registry {

void check_layout(const Subject& subject, Findings& findings);
void check_definition(const Subject& subject, Findings& findings);
void check_workloads(const Subject& subject, Findings& findings);
void check_solutions(const Subject& subject, Findings& findings);
void check_traces(const Subject& subject, Findings& findings);
void check_hardware(const Subject& subject, Findings& findings);
void check_baseline(const Subject& subject, Findings& findings);

/// What concerns the registry as a whole: records of unknown Definitions, uuids that two
/// Definitions use, blobs that nobody names.
void check_unknown_definitions(const Registry& registry, Findings& findings);
void check_shared_uuids(const Registry& registry, Findings& findings);
void check_blobs(const Registry& registry, Findings& findings);

}  // namespace fib::registry
