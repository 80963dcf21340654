"""What a command says when it is done: the answer first."""

from rich.table import Table

from synthetyk.cli.display import console, say
from synthetyk.data.dataset import SPLITS
from synthetyk.data.fingerprint import Fingerprint
from synthetyk.evaluation.privacy import Privacy
from synthetyk.evaluation.study.report import StudyReport
from synthetyk.pipeline.run_folder import RunFolder, load_present


def show_result(run: RunFolder) -> None:
    """Print the verdict and where to look."""
    study = load_present(StudyReport, run.study / "study.json")
    privacy = load_present(Privacy, run / "privacy.json")
    console.print()
    if study:
        say(f"Does it help?  {study.verdict.sentence}", style="bold")
    if privacy:
        say(f"May I share?   {privacy.sentence}", style="bold")
    say(f"Look at:       {run.report if run.report.exists() else run.path}")


def show_fingerprint(found: Fingerprint) -> None:
    """Print what a data set is like."""
    table = Table(title=f"{found.images} images", title_justify="left", title_style="bold")
    table.add_column("class")
    for split in SPLITS:
        table.add_column(split + (" (carved)" if split in found.carved else ""), justify="right")
    for name, counts in found.classes.counts.items():
        table.add_row(name or "(no label)", *(str(counts[split]) for split in SPLITS))
    console.print(table)
    for sentence in found.sentences():
        say(sentence)
