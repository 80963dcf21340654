from pathlib import Path

from synthetyk.cli.display import console
from synthetyk.cli.experiment_results import show_experiments
from synthetyk.evaluation.experiments.report import Averaged, ExperimentResult, ExperimentsReport
from synthetyk.pipeline.experiments.folder import ExperimentsFolder


def test_brackets_in_a_name_are_no_markup():
    scores = dict.fromkeys(("auc", "loss"), Averaged(mean=0.5, low=0.4, high=0.6))
    one = ExperimentResult(name="[red]a[/b]", settings={"metrics": []}, seeds=(0,), val=scores, test=scores)
    report = ExperimentsReport(experiments=(one,), effects=(), best=None, resamples=1, seed=0, notes=())
    with console.capture() as printed:
        show_experiments(report, ExperimentsFolder(Path("out")))
    assert "[red]a[/b]" in printed.get()
