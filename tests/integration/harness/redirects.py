# SPDX-License-Identifier: Apache-2.0
"""What the scenarios of redirected launches share: a registry for one kernel, and the program that launches it."""

import json

from applied import Run, same_as_direct
from fibtest import require, require_clean
from registry_maker import AUTHOR, BLEND, OP_TYPE, Registry

STEPS = 30
SOLUTION = f"solutions/{AUTHOR}/{OP_TYPE}/blend/blend_candidate.json"
BINDING = f"bindings/{OP_TYPE}/blend/engine.json"


def blend(test, launch=None, binding=None, build=True):
    """A registry with a candidate for `blend` alone."""
    registry = Registry(test).add(BLEND, launch=launch, binding=binding)
    if build:
        registry.build()
    return registry


def redirect(test, registry, form="eager", way="plain", mode="apply", lines=0, program="redirect", words=None,
             preload=None, faults="", extra=None):
    """A program without the shim and under it: same output and exit code. The shimmed run."""
    words = [form, way, STEPS] if words is None else words
    command = [test.program(program), *map(str, words)]
    number = len(list(test.dir.glob("direct*-count.*")))
    direct = Run(test, command, extra or {}, f"direct{number}")
    require_clean(direct.result)
    env = {**(extra or {}), **(registry.env() if registry else {})}
    if faults:
        env["FIBSIM_FAULTS"] = faults
    run = Run(test, command, env, f"shim{number}", mode, **(preload or {}))
    same_as_direct(direct, run, shim_lines=lines)
    run.direct = direct
    return run


def says(run, *words):
    """One line on stderr holds all of these."""
    require(any(all(word in line for word in words) for line in run.result.shim_lines),
            f"no line of fibshim says {words}:\n{run.result.err}")


def kept(test, registry, reason, *words, count=STEPS, **how):
    """No launch is redirected: each counts for `reason`, and a line says the words, if there are any."""
    run = redirect(test, registry, lines=1 if words else 0, **how)
    if words:
        says(run, *words)
    require(not run.candidates(), f"candidates ran: {run.executed}")
    found = run.report.reason(reason, "blend")
    require(found == count, f"{reason}: {found} times, not {count}\n{run.report}")
    return run


def all_redirected(run, entry="blend_candidate", count=STEPS):
    require(run.executed.get(entry) == count and "blend" not in run.executed, f"{run.executed}")
    return run


def module_file(registry, name="it_candidates*"):
    """The built module and its manifest."""
    (manifest,) = registry.cache.rglob("build.json")
    (module,) = [path for path in manifest.parent.iterdir() if path != manifest]
    return module, manifest


def edited(path, change):
    """Rewrites a JSON file."""
    record = json.loads(path.read_text())
    change(record)
    path.write_text(json.dumps(record))
