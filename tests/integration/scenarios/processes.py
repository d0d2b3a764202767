# SPDX-License-Identifier: Apache-2.0
"""Children: each process has its own log, complete, or none."""

import collections
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from scenario import case, main, recorded, require, require_clean


def children(test, how, *executed, statuses=None):
    """`executed`: launches of each process with a log, in any order."""
    result = recorded(test, [test.program("children"), how])
    require_clean(result)
    processes = test.captures(test.dir / "capture")
    found = sorted(sum(p["executed"].values()) for p in processes)
    require(found == sorted(executed), f"launches by process: {found}, expected {sorted(executed)}")
    found_statuses = collections.Counter(p["status"] for p in processes)
    require(found_statuses == (statuses or {"Complete": len(executed)}), f"{found_statuses}")
    require(len({p["pid"] for p in processes}) == len(processes) or how == "exec", "pids")
    for process in processes:
        require(not process["missing_images"], f"{process['missing_images']}")


@case
def fork_before(test):
    children(test, "fork-before", 1, 1)


@case
def fork_tree(test):
    children(test, "fork-tree", 1, 1)


@case
def fork_idle(test):
    children(test, "fork-idle", 2)


@case
def fork__exit(test):
    children(test, "fork-_exit", 2)


@case
def fork_launch(test):
    children(test, "fork-launch", 2)


@case
def vfork(test):
    children(test, "vfork", 2, 1)


@case
def posix_spawn(test):
    children(test, "posix_spawn", 2, 1)


@case
def system(test):
    children(test, "system", 2, 1)


@case
def cleared(test):
    """An empty environment: the child is not recorded, and works."""
    children(test, "cleared", 2)


@case
def exec(test):  # noqa: A001
    """exec ends a process image without warning: its log reads back, unclosed. The program waits a second
    before it, as the log is at most that far behind."""
    children(test, "exec", 1, 1, statuses={"Complete": 1, "Unclosed": 1})


if __name__ == "__main__":
    main()
