import json
from contextlib import nullcontext

import numpy as np
import pytest

from synthetyk.core.progress import silent
from synthetyk.evaluation.synthetic_set import Manifest, MetFile
from synthetyk.pipeline.experiments.experiment import Experiment
from synthetyk.pipeline.experiments.folder import ExperimentsAsked, begin_experiments
from synthetyk.pipeline.experiments.images import ImagesWanted, prepare_images
from synthetyk.pipeline.experiments.training import Training
from synthetyk.training.classifier import ClassifierConfig

PHANTOM = "phantom:n=120,size=28,balance=0.5/0.3/0.2"


class Seen:
    """A display that remembers what it was shown."""

    def __init__(self):
        self.works, self.looks, self.ends, self.before = [], [], [], []

    def work(self, name):

        self.works.append(name)
        return nullcontext(silent)

    def looked(self, training, message):
        self.looks.append((training.title, message))

    def ended(self, training, failure, left):
        self.ends.append((training.title, failure))

    def found_done(self, count, of):
        self.before.append((count, of))


@pytest.fixture
def seen():
    return Seen()


@pytest.fixture(scope="module")
def shown():
    return Seen()


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a JSON file of a test's own."""

    def write(name, values):
        path = tmp_path / name
        path.write_text(values if isinstance(values, str) else json.dumps(values))
        return path

    return write


@pytest.fixture(scope="session")
def quick():
    """Return a function that makes an experiment of two steps."""

    def make(name="quick", **settings):
        quickest = {"data": PHANTOM, "max_steps": 2, "num_workers": 1, "compress": False}
        return Experiment.parse({**quickest, "model_name": name, **settings})

    return make


@pytest.fixture(scope="session")
def asked():
    """Return a function that asks for some experiments."""

    def ask(*experiments):
        return ExperimentsAsked(experiments={each.model_name: each for each in experiments})

    return ask


@pytest.fixture
def begun(tmp_path, asked):
    """Return a function that begins experiments in a folder of the test's own; called again it goes on."""

    def begin(*experiments):
        wanted = asked(*experiments)
        return begin_experiments(tmp_path / "out", wanted), wanted

    return begin


@pytest.fixture(scope="session")
def images(tmp_path_factory):
    """Decoded phantom images."""
    return prepare_images(ImagesWanted(dataset=PHANTOM), tmp_path_factory.mktemp("images"), silent)


@pytest.fixture(scope="session")
def synthetic_set(tmp_path_factory, images):
    """Return a function that writes a synthetic set as `synthetyk generate` does; images are noise."""

    def write(class_names=None, size=28, count=30, met=None):
        folder = tmp_path_factory.mktemp("synthetic") / "set"
        folder.mkdir()
        names = class_names or images.splits()[0].class_names
        labels = np.arange(count, dtype=np.int64) % max(1, len(names))
        pixels = np.random.default_rng(0).integers(0, 255, (count, size, size), dtype=np.uint8)
        np.savez(folder / "images.npz", images=pixels, labels=labels)
        Manifest(
            created_by="a test",
            model_sha256="",
            seed=0,
            format="npz",
            count=count,
            counts={},
            class_names=tuple(names),
            image_shape=(1, size, size),
            files="files.jsonl",
            files_sha256="",
            met=met and MetFile.write(met, folder / "met.npy"),
        ).save(folder / "manifest.json")
        return folder

    return write


@pytest.fixture(scope="session")
def training(images, tmp_path_factory):
    """Return a function that makes a training of two steps in a folder of its own."""

    def make(**changes):
        config = ClassifierConfig(width=8, steps=2, batch_size=16, evaluate_every=1)
        known = {"name": "quick", "number": 0, "folder": tmp_path_factory.mktemp("seed"), "images": images}
        return Training(**{**known, "config": config, **changes})

    return make
