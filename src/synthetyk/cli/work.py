"""Runs stages for a command: each is shown, the answers come last, and a run that fails still gets its report."""

import logging
from collections.abc import Sequence

from synthetyk.cli.display import say
from synthetyk.cli.results import display_of, show_result
from synthetyk.pipeline.reporting import report_failure
from synthetyk.pipeline.run_folder import RunFolder
from synthetyk.pipeline.runner import run_stages
from synthetyk.pipeline.stage import Stage
from synthetyk.pipeline.stages import BY_NAME, STAGES

log = logging.getLogger(__name__)

REPORT = BY_NAME["report"]


def work(run: RunFolder, stages: Sequence[Stage]) -> None:
    """Run some stages of a run and print its answers; if the report is one of them, it tells of a failure too.

    Raises:
        SynthetykError: A stage failed.
    """
    display = display_of(run)
    try:
        run_stages(run, stages, display)
    except Exception as error:
        failed = display.current
        if failed and failed is not REPORT and REPORT in stages and run.fingerprint.exists():
            _report(run, failed, error)
        raise
    show_result(run)


def _report(run: RunFolder, failed: Stage, error: Exception) -> None:
    try:
        report_failure(run, STAGES, failed, error)
        say(f"What there is: {run.report}")
    except Exception:  # whatever goes wrong here, the user is to see the error that came first
        log.info("The report of the failure could not be written", exc_info=True)
