"""Kill -9 one GAN training at random moments: going on ends with the same bits as a training that was never killed."""

import os
import random
import signal
import subprocess
import sys

import numpy as np
import pytest

from synthetyk.data.phantom import draw, sample_factors

KILLS = int(os.environ.get("SYNTHETYK_KILLS", "3"))
STEPS = 300
SCRIPT = f"""
import sys
from pathlib import Path
import numpy as np
from synthetyk.data.dataset import Subset
from synthetyk.evaluation.candidate import CandidateConfig, CandidateScorer
from synthetyk.evaluation.extractors.learned import LearnedExtractor
from synthetyk.training.classifier import ClassifierConfig
from synthetyk.tracking.jsonl import JsonlTracker
from synthetyk.training.gan_config import GANConfig
from synthetyk.training.gan_trainer import GANTrainer
folder = Path(sys.argv[1])
images, rows = np.load(folder / "images.npy"), np.arange(160)
data = Subset(images, rows, (rows % 3 == 0).astype(np.int64), rows, ("left", "right"))
train, val = data.select(rows < 120), data.select(rows >= 120)
network = {{"architecture": "spectral", "resolution": 28, "classes": 2, "width": 4, "latent": 8}}
spaces = dict(tick_kimg=0.16, checkpoint_kimg=0.32, sample_kimg=1.28)
config = GANConfig(network=network, batch_size=16, kimg={STEPS * 0.016}, augment="translation", precision=sys.argv[2],
                   loss="hinge", betas=(0.0, 0.99), learning_rate_d=4e-4,
                   **spaces)
if not (folder / "features").exists():
    LearnedExtractor.fit(train, val, ClassifierConfig(width=8, steps=20), folder / "features")
extractor = LearnedExtractor.open(folder / "features")
scorer = CandidateScorer(train, val, extractor, CandidateConfig(generated=64, classifiers=1, classifier_steps=5))
say = lambda done, total, message="": print(round(done * 1000 / 16), flush=True)
GANTrainer(config, train, folder, JsonlTracker(folder / "metrics.jsonl"), features=extractor.features, evaluate=scorer,
           progress=say).fit()
"""
RESULTS = ("generator.safetensors", "generator.json", "metrics.jsonl")


@pytest.fixture
def images():
    """Grey images ``(160, 1, 28, 28)``, a third of them with a lesion."""
    kinds = ("malignant", "normal", "normal")
    return np.stack([draw(sample_factors(0, i, kinds[i % 3]), 28)[0].transpose(2, 0, 1) for i in range(160)])


@pytest.fixture
def train(tmp_path, images):
    """Train in a process of its own, which is killed once it says a step; return whether it ended by itself."""
    (tmp_path / "train.py").write_text(SCRIPT)

    def run(name, precision, kill_at=None):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        np.save(folder / "images.npy", images)
        command = [sys.executable, tmp_path / "train.py", folder, precision]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for line in child.stdout:
            if kill_at and int(line) >= kill_at:
                child.kill()
        errors = child.communicate()[1]
        assert child.returncode in {0, -signal.SIGKILL}, errors
        return child.returncode == 0

    return run


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_training_killed_at_random_moments_ends_with_the_same_bits(tmp_path, train, precision):
    assert train("whole", precision)
    moments = random.Random(0)
    kills = [moments.randrange(1, STEPS) for _ in range(KILLS)]
    for step in sorted(kills):
        assert not train("killed", precision, step)
    assert train("killed", precision)
    for name in RESULTS:
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), f"{name} differs"
