"""Runs stages in order, each skipped if nothing has changed."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Protocol

from synthetyk.core.progress import Progress
from synthetyk.pipeline.lock import locked
from synthetyk.pipeline.results import tell_results
from synthetyk.pipeline.run_folder import RunFolder
from synthetyk.pipeline.stage import Outcome, Stage, run_stage
from synthetyk.pipeline.trackers import run_tracker


class Display(Protocol):
    """How an edge shows a run."""

    def stage(self, stage: Stage) -> AbstractContextManager[Progress]:
        """Show a stage while it runs."""
        ...

    def ended(self, outcome: Outcome) -> None:
        """Show how it ended."""
        ...


def run_stages(run: RunFolder, stages: Iterable[Stage], display: Display) -> list[Outcome]:
    """Run some stages of a run; the folder belongs to this process meanwhile.

    Raises:
        RunLockedError: Another process is at work in the folder.
        SynthetykError: A stage failed; those before it are done and stay so.
    """
    outcomes = []
    with locked(run.path), run_tracker(run) as tracker:
        for stage in stages:
            with display.stage(stage) as progress:
                outcome = run_stage(stage, run, progress)
            display.ended(outcome)
            outcomes.append(outcome)
        if tracker:
            tell_results(run, tracker)
    return outcomes
