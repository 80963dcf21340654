"""Beginning a run, or going on with one: what may change meanwhile, and what is refused before anything is written."""

from pathlib import Path

from synthetyk.core.errors import RunError
from synthetyk.pipeline.lock import locked
from synthetyk.pipeline.plan import Plan, PlanValues
from synthetyk.pipeline.run_folder import BESIDE, RunFolder, load_present
from synthetyk.pipeline.settings import RunSettings

FREE = frozenset({"gan_seeds"})  # another GAN leaves those that are there as they are
COMMON = frozenset({"resolution", "channels", "fit", "train_fraction", "conditional", "latent", "threads", "device"})


def begin_run(path: Path, settings: RunSettings) -> RunFolder:
    """Begin a run at `path`, or go on with the one that lies there.

    A run that has a plan keeps data set, seed and budget; values that the user fixes, weights of networks, what is said
    of classes and trackers may change: only what depends on them is done again. What tuning found stays, unless
    the user fixed it since.

    Raises:
        RunError: The folder holds something else, lies in the data set, or holds a run of other data, seed or budget.
        RunLockedError: Another process is at work in the folder.
    """
    check_outside(path, settings.dataset)
    if path.is_file():
        raise RunError(f"{path} is a file", expected="a folder for the run, new or empty")
    run = RunFolder(path)
    if not run.config.exists() and path.exists() and any(item.name not in BESIDE for item in path.iterdir()):
        raise RunError(
            f"{path} holds files but no run", expected="a new or empty folder", action="Choose another --output"
        )
    path.mkdir(parents=True, exist_ok=True)
    with locked(path):  # whoever works there reads the settings again and again
        if run.config.exists() and run.plan.exists():
            _check_same(run, settings)
            check_trained(run, settings)
        if before := load_present(RunSettings, run.config):
            tuned = before.overrides_by("tuning")
            settings = settings.model_copy(update={"overrides": tuned | settings.overrides})
        settings.save(run.config)
    return run


def check_outside(output: Path, dataset: str) -> None:
    """Refuse to write into a data set: what is written there would be read as data the next time.

    Raises:
        RunError: `output` is the folder of the data set, or lies in it.
    """
    folder = Path(dataset).resolve()
    if folder.is_dir() and output.resolve().is_relative_to(folder):
        raise RunError(
            f"{output} lies in the data set {dataset}",
            expected="a folder outside of it, or our pictures would become data",
            action="Choose another --output",
        )


def _check_same(run: RunFolder, settings: RunSettings) -> None:
    """Refuse another data set, seed or budget; the goal may widen from train to run: the plan is fixed by then."""
    free = {"goal", "overrides", "weights", "trackers", "classes", "encoder_weights"}
    before, now = run.settings().model_dump(exclude=free), settings.model_dump(exclude=free)
    different = [name for name in now if before[name] != now[name]]
    if different:
        told = "; ".join(f"{name} was {before[name]!r}, now {now[name]!r}" for name in different)
        raise RunError(
            f"{run.path} holds a run with other settings ({told})",
            expected="the same settings, to go on with it",
            action="Choose another --output, or delete that folder to begin anew",
        )


def is_trained(run: RunFolder) -> bool:
    """Tell whether a run holds a generator, or checkpoints on the way to one."""
    return run.generator.exists() or (run.path / "checkpoints").is_dir()


def check_trained(run: RunFolder, settings: RunSettings) -> None:
    """Refuse to fix values of the plan that the run's GAN was not trained with.

    Args:
        run: The run; it has a plan.
        settings: As they would become.

    Raises:
        RunError: The message names each value, as it is and as it would become.
    """
    if not is_trained(run):
        return
    before = Plan.load(run.plan)
    now = before.patched(settings.overrides)
    told = [
        f"{name} {old}, not {new}"
        for name in PlanValues.model_fields
        if (name.startswith("gan_") or name in COMMON) and name not in FREE
        if (old := getattr(before.values, name)) != (new := getattr(now.values, name))
    ]
    if told:
        raise RunError(
            f"The GAN of {run.path} was begun with {', '.join(told)}",
            expected="the same values, to go on with it",
            action="Set them back, or train another GAN: choose another --output",
        )
