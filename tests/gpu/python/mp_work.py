# SPDX-License-Identifier: Apache-2.0
"""What the children of mp_fork.py and mp_spawn.py do, and how their parents run them."""

import multiprocessing

import case

CHILDREN = 3
TIMEOUT_S = 100


def work(index):
    """A little of eager PyTorch, cuBLAS and a CUDA graph; the checksum of what came out."""
    import torch

    torch.manual_seed(index)
    x = torch.randn(256, 256, device="cuda")
    for _ in range(20 + index):
        x = torch.tanh(x @ x.T / 256) + index
    torch.cuda.synchronize()
    graph, total = torch.cuda.CUDAGraph(), torch.zeros_like(x)
    with torch.cuda.graph(graph):
        total += x
    for _ in range(3 + index):
        graph.replay()
    torch.cuda.synchronize()
    return case.checksum(x, total)


def child(index, queue):
    """Body of a child; multiprocessing leaves it by os._exit, so no exit handler of C runs."""
    try:
        queue.put((index, work(index)))
    except Exception as error:  # the parent waits for one answer per child
        queue.put((index, "failed"))
        raise error


def run(name, method):
    """Runs the children by `method`, then works in the parent; prints the result."""
    context = multiprocessing.get_context(method)
    queue = context.Queue()
    children = [context.Process(target=child, args=(index, queue)) for index in range(CHILDREN)]
    for process in children:
        process.start()
    sums = dict(queue.get(timeout=TIMEOUT_S) for _ in children)
    for process in children:
        process.join(TIMEOUT_S)
    codes = [process.exitcode for process in children]
    sums[CHILDREN] = work(CHILDREN)  # the parent's own first use of CUDA
    case.result(name, children=len(children), exit_codes=",".join(map(str, codes)),
                checksum="-".join(sums[key][:6] for key in sorted(sums)))
    raise SystemExit(0 if codes == [0] * CHILDREN else 1)
