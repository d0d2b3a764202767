# SPDX-License-Identifier: Apache-2.0
"""Storage that fails: one message, and the program is none the worse for it."""

import contextlib
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from scenario import Skipped, case, main, processes_in, require


@contextlib.contextmanager
def mounted(test, options):
    """A small file system of its own; needs root."""
    point = test.path("mount")
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", point],
                           capture_output=True, text=True)
    if mount.returncode != 0:
        raise Skipped(f"tmpfs cannot be mounted: {mount.stderr.strip()}")
    try:
        yield point
    finally:
        subprocess.run(["umount", "-l", point], check=True)


def check(direct, result, text, lines=1):
    require(result.returncode == direct.returncode, f"exit code {result.returncode}\n{result.err}")
    require(result.out == direct.out, f"stdout differs:\n{result.out}")
    require(len(result.shim_lines) == lines, f"{len(result.shim_lines)} lines of fibshim:\n{result.err}")
    require(any(text in line for line in result.shim_lines), f"{text!r} is not said:\n{result.err}")


def noisy(test, capture, count=2000, ring_bytes=8 << 20, **popen):
    """What is written at once is at most a ring full."""
    command = [test.program("noisy"), str(count)]
    config = test.dir / "config.json"
    config.write_text(json.dumps({"ring_bytes": ring_bytes}))
    direct = test.run(command, test.env())
    return direct, test.run(command, {**test.shim_env("record", capture), "FIBSHIM_CONFIG": str(config)}, **popen)


def outgrowing(test, capture, **options):
    """As noisy as it takes to fill what there is: of 6 KB a round a busy machine may drop nearly all."""
    for count in (3000, 12000, 48000, 192000):
        direct, result = noisy(test, capture, count, **options)
        if result.shim_lines:
            break
        shutil.rmtree(capture)
    return direct, result


@case
def disk_full(test):
    """The log outgrows the disk in the middle of the run."""
    with mounted(test, "size=6m") as point:
        direct, result = outgrowing(test, point / "capture", ring_bytes=1 << 19)
        check(direct, result, os.strerror(28))
        readable_prefix(test, point / "capture")


def readable_prefix(test, capture):
    """What was written before the failure reads back."""
    (process,) = test.captures(capture)
    require(process["status"] in ("Unclosed", "Truncated"), f"{process['status']}: {process['message']}")
    require(sum(process["executed"].values()) > 10, f"{process['executed']}")


@case
def disk_full_from_start(test):
    with mounted(test, "size=64k") as point:
        (point / "filler").write_bytes(bytes(64 * 1024 - 4096 * 4))
        direct, result = noisy(test, point / "capture", 50)
        check(direct, result, os.strerror(28))


@case
def no_inodes(test):
    with mounted(test, "size=1m,nr_inodes=3") as point:
        direct, result = noisy(test, point / "capture", 50)
        check(direct, result, os.strerror(28))


@case
def file_size_limit(test):
    """RLIMIT_FSIZE with SIGXFSZ ignored: write fails with EFBIG."""
    def limit():
        import signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (12 << 20, 12 << 20))
    direct, result = outgrowing(test, test.dir / "capture", preexec_fn=limit, restore_signals=False)
    check(direct, result, os.strerror(27))
    readable_prefix(test, test.dir / "capture")


@case
def file_size_limit_fatal(test):
    """The same without ignoring SIGXFSZ: a program that nobody recorded would not have died of it."""
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
    direct, result = noisy(test, test.dir / "capture", preexec_fn=limit)
    check(direct, result, os.strerror(27))


@case
def read_only(test):
    with mounted(test, "size=1m") as point:
        subprocess.run(["mount", "-o", "remount,ro", point], check=True)
        direct, result = noisy(test, point / "capture", 50)
        check(direct, result, os.strerror(30))


@case
def below_a_file(test):
    (test.dir / "file").write_text("not a directory")
    direct, result = noisy(test, test.dir / "file" / "capture", 50)
    check(direct, result, os.strerror(20))


@case
def in_proc(test):
    direct, result = noisy(test, "/proc/capture", 50)
    check(direct, result, "/proc/capture")


@case
def very_long_path(test):
    direct, result = noisy(test, test.dir / ("x" * 300) / "capture", 50)
    check(direct, result, os.strerror(36))


@case
def too_long_path(test):
    """Longer than any path may be."""
    direct, result = noisy(test, "/" + "x/" * 4000, 50)
    check(direct, result, os.strerror(36))


@case
def removed_in_the_middle(test):
    """rm -r of the capture while it is written: the open log has no name any more, which is said at the
    end at the latest; the program does not notice."""
    capture = test.dir / "capture"
    remover = threading.Thread(target=remove_when_there, args=(capture,))
    command = [test.program("endless"), "8000", "return"]
    direct = test.run(command, test.env())
    remover.start()
    result = test.run(command, test.shim_env("record", capture))
    remover.join()
    check(direct, result, "capture")
    require(not processes_in(capture), "something came back after the removal")


def remove_when_there(capture):
    deadline = time.monotonic() + 20
    while not list(capture.glob("*.partial/log.fib")) and time.monotonic() < deadline:
        time.sleep(0.01)
    shutil.rmtree(capture, ignore_errors=True)


@case
def two_at_once(test):
    """Two processes share one capture directory and its image store."""
    command = [str(test.program("eager.plt"))]
    env = test.shim_env("record", test.dir / "capture")
    running = [subprocess.Popen(command, env=env, cwd=test.path("cwd"), stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True) for _ in range(6)]
    for process in running:
        out, err = process.communicate(timeout=120)
        require(process.returncode == 0 and "fibshim" not in err, err)
    processes = test.captures(test.dir / "capture")
    require(len(processes) == 6, f"{len(processes)} processes")
    for process in processes:
        require(process["status"] == "Complete" and not process["missing_images"], str(process["dir"]))
    images = list((test.dir / "capture" / "images").iterdir())
    require(len(images) == 1, f"{[p.name for p in images]}: one image, without leftovers")


if __name__ == "__main__":
    main()
