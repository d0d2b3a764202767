# SPDX-License-Identifier: Apache-2.0
"""What the Python cases share: result lines, checksums, private caches.

A case prints `PATH what=which` for every choice that depends on the versions installed, and as its last
line `RESULT case=NAME key=value ...`. Outputs are made by fixed seeds, so that `checksum` is the same with
and without the shim.
"""

import atexit
import hashlib
import os
import shutil
import tempfile


def private_caches():
    """Lets the compilers of this process and its children start with empty caches.

    With a warm cache a case would not compile at all, and the next run would see other work.
    """
    directory = tempfile.mkdtemp(prefix="fib-case-")
    for name in ("TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR", "CUPY_CACHE_DIR"):
        os.environ[name] = os.path.join(directory, name.lower())
    owner = os.getpid()

    def remove():
        if os.getpid() == owner:  # not in forked children
            shutil.rmtree(directory, ignore_errors=True)

    atexit.register(remove)


def checksum(*arrays):
    """16 hex digits over the bytes of torch tensors or anything with tobytes()."""
    digest = hashlib.sha256()
    for array in arrays:
        if hasattr(array, "detach"):
            import torch

            array = array.detach().cpu().contiguous().view(torch.uint8).numpy()
        digest.update(array.tobytes())
    return digest.hexdigest()[:16]


def path(**choices):
    """Says which way a case went."""
    print("PATH " + " ".join(f"{key}={value}" for key, value in choices.items()), flush=True)


def result(case, **values):
    """The last line of a case."""
    print(" ".join([f"RESULT case={case}"] + [f"{k}={v}" for k, v in values.items()]), flush=True)


class Steps:
    """Runs the parts of a case one by one; one that fails is named and does not stop the others."""

    def __init__(self):
        self.done, self.failed, self.outputs = [], [], []

    def run(self, function):
        """Runs `function`, which returns arrays for the checksum."""
        name = function.__name__
        try:
            self.outputs += function()
            self.done.append(name)
        except Exception as error:  # a missing feature must not hide the parts that work
            self.failed.append(name)
            print(f"STEP {name} failed: {type(error).__name__}: {str(error)[:300]}", flush=True)

    def finish(self, case, **values):
        result(case, steps=len(self.done), failed=",".join(self.failed) or "none",
               checksum=checksum(*self.outputs), **values)
        raise SystemExit(1 if self.failed else 0)
