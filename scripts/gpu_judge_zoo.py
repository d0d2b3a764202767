# SPDX-License-Identifier: Apache-2.0
"""Every cheat of tests/gpu/zoo, for scripts/gpu_judge."""

import re
import sys

import gpu_common
from gpu_judge_bench import Registry, bench, captured, interval, program, traces
from gpu_registry import require

sys.path.insert(0, str(gpu_common.ROOT / "tests" / "gpu" / "zoo"))
import zoo

TITLE = "The zoo"
HEADERS = ["candidate", "should be", "is", "verdict", "speedup", "seconds", "judged right"]
NOTES = """Each candidate is judged on two shapes of its kernel; `is` is the worst. What each does, and why it is
caught, is in tests/gpu/zoo. `late` launches a kernel from the GPU and needs nvcc to link the device runtime."""
TRIAL_TIMEOUT = 8  # seconds without progress: a hang costs that


def linked_image(cheat, place):
    """A cubin with the device runtime; None and why if nvcc can't make one."""
    arch = "sm_" + gpu_common.output_of("nvidia-smi", "--query-gpu=compute_cap",
                                        "--format=csv,noheader").split("\n")[0].strip().replace(".", "")
    source, objects, image = zoo.HERE / f"{cheat.name}.cu", place / f"{cheat.name}.o", place / f"{cheat.name}.cubin"
    for command in (["nvcc", f"-arch={arch}", "-rdc=true", "-dc", "-o", objects, source],
                    ["nvcc", f"-arch={arch}", "-dlink", "-cubin", "-o", image, objects, "-lcudadevrt"]):
        try:
            outcome = gpu_common.run(command, 60)
        except OSError as error:
            return None, str(error)
        if outcome.code != 0:
            return None, outcome.last_words()
    return image.read_bytes(), ""


def expected(cheat):
    if cheat.status == zoo.PASSED:
        return " or ".join(cheat.verdicts) or "passes"
    return " or ".join(f"{status}: {reason}" for status, reason in sorted(cheat.expected()))


def row_of(cheat, found):
    """A row of the table, from the Traces of one candidate."""
    complaint = zoo.complaint(cheat, found)
    if not found:
        return [cheat.name, expected(cheat), "-", "-", "-", "-", complaint]
    # Passed ones last: of a cheat that is right for some shapes the other one tells.
    worst = sorted(found, key=lambda trace: trace["evaluation"]["status"] == zoo.PASSED)[0]
    status, reason, verdict, _ = zoo.said(worst)
    seconds = sum((trace["evaluation"].get("fibshim") or {}).get("seconds", 0) for trace in found)
    return [cheat.name, expected(cheat), f"{status}: {reason}" if reason else status, verdict or "-", interval(worst),
            f"{seconds:.1f}", complaint or "yes"]


def judged(cheats, root):
    """({name: Traces}) of these candidates."""
    found = {cheat.name: [] for cheat in cheats}
    for trace in traces(root):
        found.setdefault(trace["solution"], []).append(trace)
    return found


def measure(options, place, deadline):
    cheats = [cheat for cheat in zoo.of(zoo.GPU) if re.search(options.cases, cheat.name)]
    images, notes = {}, []
    for cheat in [cheat for cheat in cheats if cheat.linked]:
        image, why = linked_image(cheat, place)
        if image is None:
            notes.append(f"{cheat.name}: not built: {why[:200]}")
            cheats.remove(cheat)
        else:
            images[cheat.name] = image
    require(cheats, f"no candidate matches '{options.cases}'")
    capture = captured(options.build, place / "capture", [program(options.build, "judged")])
    registry = Registry(options.build, place / "registry")
    zoo.write_cuda(registry.root, cheats, images)
    registry.compile()
    outcome = bench(registry, capture, "--timeout", TRIAL_TIMEOUT, "--max-seconds", 1)
    if outcome.code not in (0, 1):
        notes.append(f"fib bench: {outcome.code}: {outcome.last_words()}")
    found = judged(cheats, registry.root)
    rows = [row_of(cheat, found[cheat.name]) for cheat in cheats]
    wrong = [row for row in rows if row[-1] != "yes"]
    notes += [f"{row[0]}: {row[-1]}" for row in wrong]
    return {"rows": rows, "notes": notes, "good": not wrong,
            "verdict": f"{len(rows) - len(wrong)} of {len(rows)} candidates judged right"}
