"""``torchrun -m synthetyk train``: one process runs the stages, the others train along when it comes to the GAN."""

from collections.abc import Callable
from pathlib import Path

from synthetyk.pipeline.gans import follow_gans
from synthetyk.pipeline.run_folder import open_run
from synthetyk.training.world import join_world


def train_along(lead: Callable[[], None]) -> None:
    """Call `lead` in the first of the processes that torchrun started; the others do what `train_gans` asks of them.

    All of them need to reach the run folder under the same path. A process that fails ends with its error, and torchrun
    then ends the others.

    Args:
        lead: Runs the stages up to the training.
    """
    with join_world() as world:
        if world.leads:
            lead()
            world.agree(None)  # nothing more to train
            return
        while path := world.agree(None):
            follow_gans(open_run(Path(path)), world)
