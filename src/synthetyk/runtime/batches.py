"""In which batches a network may compute images that have nothing to do with each other, and change no bit of any.

How many images a network runs on may change the last bits of what it computes, since other numbers of rows are
multiplied by other code. Which code that is depends on the shapes alone, never on the values: where a batch was once
seen to give each of its images, at each place in it, exactly as the reference does, it always does so on that machine.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

Inputs = Mapping[str, NDArray[Any]]
Run = Callable[[Inputs], NDArray[np.float32]]
PATIENCE = 5.0  # seconds after which no larger batch is tried


def length_of(inputs: Inputs) -> int:
    """Return for how many images there are inputs."""
    return len(next(iter(inputs.values())))


def exact_sizes(run: Run, chunk: Inputs, most: int, *, patience: float = PATIENCE) -> tuple[int, ...]:
    """Return the sizes of batches, smallest first, that compute every image exactly as it comes out of a chunk.

    Args:
        run: The network.
        chunk: Inputs for a chunk of different images, which is the reference.
        most: Largest batch to try; the powers of 2 up to it are.
        patience: Seconds after which no other size is tried.

    Returns:
        Empty if the images of a chunk depend on their order already.
    """
    began, count, reference = monotonic(), length_of(chunk), run(chunk)
    found: list[int] = []
    for size in [count, *(2**power for power in range(most.bit_length()) if 2**power != count)]:
        order = [(-1 - 3 * place) % count for place in range(size)]  # none stays in its place, or beside its neighbour
        if np.array_equal(run(_rows(chunk, order)), reference[order]):
            found.append(size)
        elif size == count:
            return ()
        if monotonic() - began > patience:
            break
    return tuple(sorted(found))


def cut(count: int, sizes: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield how many images each batch takes, and its size; a batch that is larger has to be filled up.

    Args:
        count: How many images there are.
        sizes: Of batches, smallest first.
    """
    while count > 0:
        size = max((size for size in sizes if size <= count), default=sizes[0])
        yield min(size, count), size
        count -= size


def run_cut(run: Run, inputs: Inputs, sizes: Sequence[int]) -> NDArray[np.float32]:
    """Return what a network gives for any number of images, computed in batches of these sizes."""
    found, start = [], 0
    for taken, size in cut(length_of(inputs), sizes):
        rows = [*range(start, start + taken), *[start] * (size - taken)]
        found.append(run(_rows(inputs, rows))[:taken])
        start += taken
    return found[0] if len(found) == 1 else np.concatenate(found)


def _rows(inputs: Inputs, rows: Sequence[int]) -> Inputs:
    return {name: values[list(rows)] for name, values in inputs.items()}
