"""A training step recorded once on a GPU and then replayed.

A step of a small GAN launches a thousand kernels, each of which takes the processor longer to launch than the GPU to
compute. A CUDA graph launches all of them at once (https://pytorch.org/docs/stable/notes/cuda.html#cuda-graphs).
"""

import logging
from collections.abc import Callable, Iterable
from typing import Protocol

import torch
from torch import Tensor

from synthetyk.training.step_inputs import StepInputs

log = logging.getLogger(__name__)

WARM_UP = 3  # steps of each kind before it is recorded: they choose kernels and make what optimisers remember

Values = dict[str, Tensor]
Compute = Callable[[StepInputs, bool], Values]
Replay = Callable[[], Values]


class Recorder(Protocol):
    """Records what a call does on a GPU."""

    def warm_up(self, call: Callable[[], Values]) -> Values:
        """Do it, as it will be recorded."""
        ...

    def record(self, call: Callable[[], Values]) -> Replay:
        """Record it without doing it; return what does it, again and again.

        Raises:
            RuntimeError: It does something that cannot be recorded.
        """
        ...


class CudaGraphs:
    """Records calls as CUDA graphs, warmed up on a stream of their own as these need it."""

    def __init__(self) -> None:
        self._stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]

    def warm_up(self, call: Callable[[], Values]) -> Values:
        """Do it; see `Recorder`."""
        self._stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._stream):
            values = call()
        torch.cuda.current_stream().wait_stream(self._stream)
        return values

    def record(self, call: Callable[[], Values]) -> Replay:
        """Record it; see `Recorder`."""
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            values = call()

        def replay() -> Values:
            graph.replay()
            return values

        return replay


class CapturedSteps:
    """Computes a step as it is a few times, then records it and replays the record.

    A record reads and writes fixed places in memory. It is made again if a weight has moved, and whatever cannot be
    recorded is computed step by step.

    Args:
        compute: Computes a step from its inputs and from whether it pays penalties.
        weights: Tells the tensors that steps change in place.
        recorder: Records on the GPU.
    """

    def __init__(self, compute: Compute, weights: Callable[[], Iterable[Tensor]], recorder: Recorder) -> None:
        self._compute, self._weights, self._recorder = compute, weights, recorder
        self._steps = {True: 0, False: 0}
        self._replays: dict[bool, Replay] = {}
        self._given: StepInputs | None = None
        self._places: tuple[int, ...] = ()
        self._can = True

    def __call__(self, given: StepInputs, penalised: bool) -> Values:
        """Do one step; the values are valid until the next one of the same kind."""
        self._steps[penalised] += 1
        if not self._can:
            return self._compute(given, penalised)
        if self._steps[penalised] <= WARM_UP:
            return self._recorder.warm_up(lambda: self._compute(given, penalised))
        if self._replays and self._places != self._where():
            self._replays.clear()
        if penalised not in self._replays and not self._recorded(given, penalised):
            return self._compute(given, penalised)
        self._fill(given)
        return self._replays[penalised]()

    def _recorded(self, given: StepInputs, penalised: bool) -> bool:
        """Record a kind of step; tell whether that could be done."""
        fixed = self._given = self._given or StepInputs._make(None if part is None else part.clone() for part in given)
        try:
            self._replays[penalised] = self._recorder.record(lambda: self._compute(fixed, penalised))
        except RuntimeError as error:
            log.warning("The step cannot be recorded as a CUDA graph, training goes on without: %s", error)
            self._can = False
            return False
        self._places = self._where()
        return True

    def _fill(self, given: StepInputs) -> None:
        """Put a step's inputs where the record reads them."""
        assert self._given is not None
        for place, part in zip(self._given, given, strict=True):
            if place is not None and part is not None:
                place.copy_(part)

    def _where(self) -> tuple[int, ...]:
        return tuple(tensor.data_ptr() for tensor in self._weights())
