# SPDX-License-Identifier: Apache-2.0
"""fib run: a command with a registry's winners, and what is said at the end."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from applied import Report, executed
from redirects import STEPS, blend
from registry_maker import BLEND, KERNELS, Registry
from scenario import case, main, require


def fib_run(test, registry, *options, program=None, cache=None, code=0):
    """`fib run` with the redirected program, and the same without it: equal stdout. (result, what ran)"""
    command = [str(word) for word in (program or [test.program("redirect"), "eager", "plain", STEPS])]
    direct = test.run(command, test.env())
    count = test.dir / f"count{len(list(test.dir.glob('count*')))}"
    env = test.env(FIBSIM_COUNT_FILE=count, FIB_CACHE_PATH=cache or registry.cache)
    if test.sanitizer_runtime:
        env["ASAN_OPTIONS"] += ":verify_asan_link_order=0"
    result = test.run([test.fib, "run", "--registry", registry.root, *options, "--", *command], env)
    require(result.returncode == code, f"exit code {result.returncode}, not {code}\n{result.err}")
    require(result.out == direct.out, f"stdout differs:\n{direct.out}\n--- fib run\n{result.out}")
    return result, executed(count)


def says(result, *words):
    require(all(word in result.err for word in words), f"{words} are not all in\n{result.err}")


@case
def hits(test):
    """All launches of the kernel, and a report that can be kept and explained."""
    result, ran = fib_run(test, blend(test), "--require-hits", "--report", test.dir / "kept")
    require(ran == {"blend_candidate": STEPS}, f"{ran}")
    says(result, f"redirected {STEPS} of {STEPS} launches", f"{STEPS} eager", "blend_candidate", "in 1 process")
    (report,) = test.dir.glob("kept.*")
    require(Report(test, report).of_candidate("eager") == STEPS, "the report")


@case
def graph_nodes(test):
    result, ran = fib_run(test, blend(test), program=[test.program("redirect"), "captured", "plain", STEPS])
    require(ran == {"blend_candidate": STEPS}, f"{ran}")
    says(result, "graph nodes; in 1 process")
    require("NOTHING" not in result.err, result.err)


@case
def children(test):
    """A shell's children are redirected, too; the exit code is the last one's."""
    program = f"{test.program('redirect')} eager plain {STEPS}"
    result, ran = fib_run(test, blend(test), program=["sh", "-c", f"{program} && {program}; exit 7"], code=7)
    require(ran == {"blend_candidate": 2 * STEPS}, f"{ran}")
    says(result, "in 2 processes", f"redirected {2 * STEPS} of {2 * STEPS}")


@case
def shadow(test):
    registry = Registry(test).add(BLEND, launch=BLEND.launch(arguments=BLEND.named()))
    registry.build()
    result, ran = fib_run(test, registry, "--shadow", "--require-hits")
    require(ran["blend"] == STEPS, f"{ran}")
    says(result, f"compared {STEPS} of {STEPS}", "0 with another result")


@case
def no_binding_matches(test):
    registry = Registry(test).add(KERNELS["axpy"])
    registry.build()
    result, _ = fib_run(test, registry)
    says(result, "NOTHING was redirected", "no binding", "fib registry bind")
    fib_run(test, registry, "--require-hits", code=5)


@case
def not_built(test):
    result, _ = fib_run(test, blend(test, build=False), "--require-hits", code=5)
    says(result, "NOTHING was redirected", "NotLoaded", "fib registry build")


@case
def not_trusted(test):
    registry = blend(test)
    registry.root.chmod(0o777)
    result, _ = fib_run(test, registry, "--require-hits", code=5)
    says(result, "NOTHING was redirected", "the registry was not used", "fibshim")


@case
def not_faster(test):
    registry = Registry(test).add(BLEND, pin=False)
    registry.measured(BLEND, "blend_candidate", "fibshim simulated GPU", {"rows": 8, "width": 32}, speedup=1.01)
    registry.build()
    result, _ = fib_run(test, registry, "--require-hits", code=5)
    says(result, "NotClear", "nothing measured is faster")


@case
def other_gpu(test):
    registry = Registry(test).add(BLEND, pin=False)
    registry.measured(BLEND, "blend_candidate", "NVIDIA H100", {"rows": 8, "width": 32})
    registry.build()
    result, _ = fib_run(test, registry)
    says(result, "DeviceMismatch", "this is fibshim simulated GPU", "fib bench")


@case
def demoted_by_option(test):
    result, ran = fib_run(test, blend(test), "--demote", "blend_candidate", "--require-hits", code=5)
    require(ran == {"blend": STEPS}, f"{ran}")
    says(result, "NOTHING was redirected", "demoted: blend_candidate (named in FIBSHIM_DEMOTE)")


@case
def demoted_in_the_registry(test):
    registry = blend(test)
    registry.write("bindings/policies.json", {"per_definition": {"blend": {"pin": "blend_candidate"}},
                                              "demoted": {"blend_candidate": {"reason": "other tokens"}}})
    for form in ("eager", "captured"):
        result, ran = fib_run(test, registry, program=[test.program("redirect"), form, "plain", STEPS])
        require(ran == {"blend": STEPS}, f"{ran}")
        says(result, "demoted in the registry: other tokens")


@case
def no_gpu(test):
    result, _ = fib_run(test, blend(test), "--require-hits", program=["true"], code=5)
    says(result, "NOTHING was redirected", "no process used the GPU", "fib doctor")


@case
def own_exit_code(test):
    """A failing command's code counts more than --require-hits; what can't start is said."""
    registry = blend(test)
    fib_run(test, registry, "--require-hits", program=["sh", "-c", "exit 3"], code=3)
    result = test.run([test.fib, "run", "--registry", registry.root, "--", "/no/such/program"], test.env())
    require(result.returncode == 127 and "could not be started" in result.err, f"{result.returncode}\n{result.err}")
    result = test.run([test.fib, "run", "--registry", test.dir / "nothing", "--", "true"], test.env())
    require(result.returncode == 2 and "is no directory" in result.err, f"{result.returncode}\n{result.err}")


if __name__ == "__main__":
    main()
