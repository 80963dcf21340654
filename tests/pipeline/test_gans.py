import pytest

from synthetyk.core.artifacts import sha256_file
from synthetyk.core.errors import TrainingError
from synthetyk.core.progress import silent
from synthetyk.data.cache import open_cache
from synthetyk.evaluation.synthetic_set import images_met
from synthetyk.pipeline import gans
from synthetyk.pipeline.begin import begin_run
from synthetyk.pipeline.stage import run_stage
from synthetyk.pipeline.stages import BY_NAME, up_to
from synthetyk.training.generator_file import GeneratorCard

pytestmark = pytest.mark.xdist_group("finished run")


@pytest.fixture(scope="module")
def two(tmp_path_factory, tiny_settings):
    """A run with two GANs, trained side by side."""
    settings = tiny_settings("phantom:n=200,size=28,balance=0.5/0.3/0.2", "gan_seeds=2", "gan_kimg=1")
    run = begin_run(tmp_path_factory.mktemp("two") / "run", settings)
    for stage in up_to("generate"):
        run_stage(stage, run, silent)
    return run


def test_two_gans_have_seeds_and_folders_of_their_own(two):
    cards = [GeneratorCard.load(two.generator_of(index).with_suffix(".json")) for index in range(2)]
    assert cards[0].seed != cards[1].seed
    assert cards[0].sha256 != cards[1].sha256
    assert (two.replica(1) / "metrics.jsonl").exists()


def test_each_gan_generates_a_set(two):
    assert (two.synthetic_of(0) / "manifest.json").exists()
    assert (two.synthetic_of(1) / "manifest.json").exists()


def test_each_set_tells_which_images_its_gan_met(two):
    data = open_cache(two.cache)
    for index in range(2):
        met = images_met(two.synthetic_of(index))
        assert set(met.trained.tolist()) == set(data.digests[data.splits == "train"].tolist())
        assert set(met.judged.tolist()) == set(data.digests[data.splits == "val"].tolist())


@pytest.mark.parametrize("left", [None, b"damaged"])
def test_a_generator_that_is_missing_or_damaged_is_made_again(two, left):
    weights = two.generator_of(1)
    before = sha256_file(weights)
    weights.unlink() if left is None else weights.write_bytes(left)
    skipped = [run_stage(BY_NAME[name], two, silent).skipped for name in ("train", "generate")]
    assert skipped == [False, True]
    assert sha256_file(weights) == before


def test_side_by_side_is_the_same_as_alone(two, tmp_path, tiny_settings):
    """Image by image: whether a GAN trains in this process or in a worker changes no bit."""
    before = sha256_file(two.generator_of(1))
    for path in two.replica(1).glob("generator.*"):
        path.unlink()
    for checkpoint in sorted((two.replica(1) / "checkpoints").iterdir())[1:]:
        for file in checkpoint.iterdir():
            file.unlink()
        checkpoint.rmdir()
    gans.train_gan(two, 1, silent)
    assert sha256_file(two.generator_of(1)) == before


def test_the_failure_of_a_worker_arrives_with_its_words(two, monkeypatch):
    (two.replica(1) / "generator.json").unlink()
    checkpoints = two.replica(1) / "checkpoints"
    newest = max(checkpoints.iterdir())
    card = next(newest.glob("*.json"))
    card.write_text(card.read_text().replace('"batch_size": 32', '"batch_size": 16'))
    with pytest.raises(TrainingError, match="other settings"):
        gans.train_gans(two, silent)


def test_the_noise_of_each_gan_is_as_wide_as_the_distance_to_training_images_allows(two, monkeypatch):
    asked = []

    def stand_in(train, extractor, seed):
        asked.append((len(train), extractor.name, seed))
        return lambda sampler: (abs(sampler.noise_scale - 1.2), 0.0)

    monkeypatch.setattr(gans, "TrainingDistance", stand_in)
    gans.train_gan(two, 0, silent)
    card = GeneratorCard.load(two.generator_of(0).with_suffix(".json"))
    assert card.noise_scale == 1.2
    assert "kernel distance to validation images" in card.chosen
    assert card.chosen.endswith(
        "(0.0000; 0.2000 with noise as in training) is not measurably above the lowest (0.0000)."
    )
    assert [name for _, name, _ in asked] == ["learned"]


def test_a_worker_that_was_killed_is_said_to_be(finished, monkeypatch):
    class Closed:
        def recv(self):
            raise EOFError

    with pytest.raises(TrainingError, match="process that trained GAN 2 was killed"):
        gans._receive(Closed(), 1)


def test_the_scores_of_every_look_are_in_the_metrics(finished):
    assert '"val_kd"' in (finished / "metrics.jsonl").read_text()
    assert BY_NAME["train"].writes[2] == "metrics.jsonl"
