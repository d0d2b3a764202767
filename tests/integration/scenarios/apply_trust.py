# SPDX-License-Identifier: Apache-2.0
"""Registries that are not to be trusted, or are no good: the original runs, and one line says why."""

import os
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from redirects import BINDING, SOLUTION, STEPS, all_redirected, blend, edited, kept, module_file, redirect, says
from registry_maker import BLEND, Registry
from scenario import Skipped, case, main, require


def refused(test, registry, *words, **how):
    """The registry, or what matters of it, is not used."""
    run = redirect(test, registry, lines=1, **how)
    says(run, *words)
    require(run.executed == {"blend": STEPS}, f"{run.executed}")
    return run


@case
def no_registry(test):
    run = redirect(test, None, lines=1)
    says(run, "FIB_DATASET_PATH")


@case
def missing_registry(test):
    registry = blend(test)
    registry.remove()
    refused(test, registry, str(registry.root))


@case
def writable_root(test):
    registry = blend(test)
    registry.root.chmod(0o777)
    refused(test, registry, str(registry.root))


@case
def writable_by_group(test):
    registry = blend(test)
    (registry.root / SOLUTION).chmod(0o664)
    refused(test, registry, "blend_candidate.json")


@case
def writable_directory(test):
    registry = blend(test)
    (registry.root / BINDING).parent.chmod(0o777)
    refused(test, registry, str(pathlib.Path(BINDING).parent))


@case
def writable_cache(test):
    registry = blend(test)
    module_file(registry)[0].chmod(0o666)
    kept(test, registry, "NotLoaded", "blend_candidate")


@case
def foreign_owner(test):
    if os.geteuid() != 0:
        raise Skipped("only root can give files away")
    registry = blend(test)
    os.chown(registry.root / SOLUTION, 12345, 12345)
    refused(test, registry, "blend_candidate.json")


@case
def link_out_of_the_root(test):
    registry = blend(test)
    solution = registry.root / SOLUTION
    elsewhere = test.dir / "elsewhere.json"
    shutil.move(solution, elsewhere)
    solution.symlink_to(elsewhere)
    refused(test, registry, "blend_candidate.json")


@case
def file_name_leaves_the_cache(test):
    """A manifest that names a file outside of its directory."""
    registry = blend(test)
    module, manifest = module_file(registry)
    shutil.copy(module, registry.cache / "outside")
    edited(manifest, lambda record: record["modules"][0].update(file="../../outside"))
    kept(test, registry, "NotLoaded", "build.json")


@case
def malformed_binding(test):
    registry = blend(test)
    (registry.root / BINDING).write_text("{ nonsense")
    refused(test, registry, "engine.json")


@case
def malformed_solution(test):
    registry = blend(test)
    (registry.root / SOLUTION).write_text("[1, 2")
    refused(test, registry, "blend_candidate.json")


@case
def malformed_policies(test):
    registry = blend(test)
    (registry.root / "bindings/policies.json").write_text("}")
    refused(test, registry, "policies.json")


@case
def bad_expression(test):
    """One binding is no good; another one works."""
    registry = Registry(test).add(BLEND, binding={"checks": ["rows +* 2"]})
    registry.bind(BLEND, "second")
    registry.build()
    run = redirect(test, registry, lines=1)
    says(run, "engine.json")
    all_redirected(run)


@case
def secure_process(test):
    """A process with another user's rights."""
    secure = [test.library("libfibtest_secure.so")]
    run = redirect(test, blend(test), preload={"before": secure}, lines=1)
    says(run, "more rights")
    require(run.executed == {"blend": STEPS}, f"{run.executed}")


if __name__ == "__main__":
    main()
