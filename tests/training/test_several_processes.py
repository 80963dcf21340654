"""Real processes, joined as torchrun joins them, train what one process trains."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from synthetyk.core.errors import ConfigError
from synthetyk.data.dataset import Subset
from synthetyk.tracking.jsonl import JsonlTracker, read_jsonl
from synthetyk.training.gan import GAN
from synthetyk.training.gan_trainer import GANTrainer
from synthetyk.training.generator_file import load_generator
from synthetyk.training.step_inputs import step_inputs
from synthetyk.training.world import World

SCRIPT = """
import json, os, sys
from pathlib import Path
import numpy as np
from synthetyk.data.dataset import Subset
from synthetyk.tracking.jsonl import JsonlTracker
from synthetyk.tracking.tracker import NullTracker
from synthetyk.training.gan_config import GANConfig
from synthetyk.training.gan_trainer import GANTrainer
from synthetyk.training.world import join_world
folder, stop = Path(sys.argv[1]), int(sys.argv[2])
images, rows = np.load(folder / "images.npy"), np.arange(120)
data = Subset(images, rows, (rows % 3 == 0).astype(np.int64), rows, ("left", "right"))
config = GANConfig.parse(json.loads((folder / "config.json").read_text()))
def progress(done, total, message=""):
    if round(done * 1000 / config.batch_size) == stop:
        sys.exit(9)
with join_world() as world:
    tracker = JsonlTracker(folder / "metrics.jsonl") if world.leads else NullTracker()
    evaluate = (lambda sampler: {"val_kd": float(sampler.sample(0, range(4)).mean())}) if world.leads else None
    GANTrainer(config, data, folder, tracker, evaluate=evaluate, progress=progress, world=world).fit()
(folder / f"threads-{world.rank}").write_text(str(len(os.listdir("/proc/self/task"))))
"""


@pytest.fixture
def config(tiny):
    network = {"architecture": "residual", "resolution": 28, "classes": 2, "width": 4, "width_limit": 8, "latent": 8}
    return tiny(network=network, loss="relativistic", r1=1, r2=1, batch_size=15, augment="translation", kimg=0.6)


@pytest.fixture
def train(tmp_path, discs, config):
    """Train in some processes in a folder, as far as a step; return the finished generator, if it is finished."""

    def run(name, processes, stop=0):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        np.save(folder / "images.npy", discs().images)
        (folder / "config.json").write_text(config.model_dump_json())
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
        script = folder / "train.py"
        script.write_text(SCRIPT)
        done = subprocess.run([*command, script, folder, str(stop)], check=False, capture_output=True, text=True)
        assert (done.returncode == 0) is (stop == 0), done.stderr
        return load_generator(folder / "generator.safetensors").network.state_dict() if not stop else None

    return run


@pytest.fixture
def alone(tmp_path, discs, config):
    """The generator of one process."""
    folder = tmp_path / "alone"
    evaluate = lambda sampler: {"val_kd": float(sampler.sample(0, range(4)).mean())}  # noqa: E731
    result = GANTrainer(config, discs(), folder, JsonlTracker(folder / "metrics.jsonl"), evaluate=evaluate).fit()
    return load_generator(result.generator).network.state_dict()


def difference(one, two):
    """Return the largest difference between two generators' weights, as a part of how far training moved them."""
    return max(((one[name] - two[name]).abs().max() / one[name].abs().max()).item() for name in one)


def test_two_processes_train_what_one_trains_and_one_of_them_writes(tmp_path, alone, train):
    assert difference(alone, train("two", 2)) < 0.02
    ticks = [line for line in read_jsonl(tmp_path / "two/metrics.jsonl") if "d_loss" in line]
    theirs = [line for line in read_jsonl(tmp_path / "alone/metrics.jsonl") if "d_loss" in line]
    assert [tick["step"] for tick in ticks] == [tick["step"] for tick in theirs]
    assert [tick["d_loss"] for tick in ticks] == pytest.approx([tick["d_loss"] for tick in theirs], rel=0.02)
    left = [path.read_text() for path in (tmp_path / "two").glob("threads-*")]
    assert left == ["1", "1"], "a thread of the group that is left aborts the process as it ends, now and then"


def test_what_two_processes_began_one_process_ends(alone, train):
    train("begun", 2, stop=27)
    assert difference(alone, train("begun", 1)) < 0.02


def test_batch_normalisation_is_refused_with_the_reason(tiny):
    with pytest.raises(ConfigError, match="only a part of each batch in each of them"):
        GAN(tiny(), world=World(0, 2))


def test_a_penalty_is_refused_where_logits_depend_on_all_images(tiny):
    with pytest.raises(ConfigError, match="gradient penalty"):
        GAN(tiny(r1=1))


def test_the_spread_of_a_part_of_a_batch_is_refused(config):
    with pytest.raises(ConfigError, match="spread over the batch"):
        GAN(config.replace(spread=1.0), world=World(0, 2))
    GAN(config.replace(spread=1.0))


def test_shares_of_a_step_add_up_to_the_gradient_of_the_whole(config, discs):
    data: Subset = discs()
    real = torch.from_numpy(data.images[:15].astype(np.float32) / 127.5 - 1)
    labels = torch.from_numpy(data.labels[:15])
    whole = gradients(GAN(config), real, labels)
    parts = [gradients(GAN(config, world=Silent(rank, 2)), real, labels) for rank in range(2)]
    torch.testing.assert_close(parts[0] + parts[1], whole, rtol=1e-4, atol=1e-5)


class Silent(World):
    """Knows its share and says nothing to the others."""

    def sum_gradients(self, network):
        pass


def gradients(gan, real, labels):
    share = gan.world.share(15)
    given = step_inputs(gan.config, gan.world, real[share], labels[share], step=0, attempt=0)
    gan.discriminator_step(given, gan.generator(given.noise, given.labels).detach(), penalised=gan.penalised(0))
    return torch.cat([p.grad.flatten() for p in gan.discriminator.parameters() if p.grad is not None])
