import json
from pathlib import Path

import numpy as np
import pytest

from synthetyk.core.errors import ArtifactError, ConfigError, RunError
from synthetyk.data.images_met import ImagesMet
from synthetyk.evaluation.generation import GenerationConfig, balance_counts, trained_source, write_set
from synthetyk.evaluation.synthetic_set import images_met, load_synthetic, open_synthetic, verify
from synthetyk.models.gan_network import NetworkConfig, build_generator
from synthetyk.training.generator_file import GeneratorCard, LoadedGenerator

FORMATS = ("png", "npz", "webdataset")


MET = ImagesMet(np.array([3, 7], dtype=np.uint64), np.array([5], dtype=np.uint64))


def make_generator(classes=2, channels=1, met=None):
    config = NetworkConfig(resolution=28, classes=classes, channels=channels, width=4, latent=8)
    network = build_generator(config, 0, "test")
    card = GeneratorCard(
        network=config,
        class_names=("normal", "ill")[:classes],
        image_shape=(channels, 28, 28),
        seed=3,
        kimg=1.5,
        training_sha256="0" * 64,
        sha256="f" * 64,
    )
    return LoadedGenerator(network.eval(), card, met)


@pytest.fixture(scope="module")
def generator():
    return make_generator()


def generate(generator, config, output, **options):
    return write_set(trained_source(generator), config, output, **options)


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def output(tmp_path, format_, name="set"):
    return tmp_path / (f"{name}.npz" if format_ == "npz" else name)


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("channels", [1, 3])
def test_every_image_is_the_samplers(tmp_path, format_, channels):
    generator = make_generator(channels=channels)
    config = GenerationConfig(counts=(20, 45), seed=5, format=format_, per_shard=30)
    generate(generator, config, output(tmp_path, format_))
    images, labels = load_synthetic(output(tmp_path, format_))
    sampler = generator.sampler(5)
    for label, count in enumerate(config.counts):
        assert np.array_equal(images[labels == label], sampler.sample(label, range(count)))


@pytest.mark.parametrize("format_", FORMATS)
def test_the_same_seed_gives_the_same_bytes(tmp_path, generator, format_):
    for name in ("one", "two"):
        generate(generator, GenerationConfig(counts=(7, 9), format=format_), output(tmp_path / name, format_))
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_another_seed_gives_other_images(tmp_path, generator):
    for seed in (1, 2):
        generate(generator, GenerationConfig(counts=(7, 9), seed=seed, format="npz"), tmp_path / f"{seed}.npz")
    assert not np.array_equal(load_synthetic(tmp_path / "1.npz")[0], load_synthetic(tmp_path / "2.npz")[0])


def test_a_larger_set_begins_with_the_images_of_a_smaller_one(tmp_path, generator):
    found = []
    for count in (10, 40):
        generate(generator, GenerationConfig(counts=(count, 5), format="npz"), tmp_path / f"{count}.npz")
        images, labels = load_synthetic(tmp_path / f"{count}.npz")
        found.append(images[labels == 0])
    assert np.array_equal(found[0], found[1][:10])


def test_sets_larger_than_a_batch_are_drawn_in_pieces(tmp_path, generator):
    seen = []
    config = GenerationConfig(counts=(1300, 0), format="npz")
    generate(
        generator, config, tmp_path / "set.npz", progress=lambda done, total, message="": seen.append((done, total))
    )
    assert seen == [(1024, 1300), (1300, 1300)]
    images, labels = load_synthetic(tmp_path / "set.npz")
    assert not labels.any()
    assert np.array_equal(images[1020:1030], generator.sampler().sample(0, range(1020, 1030)))


def test_classes_are_mixed(tmp_path, generator):
    generate(generator, GenerationConfig(counts=(50, 50), format="npz"), tmp_path / "set.npz")
    labels = load_synthetic(tmp_path / "set.npz")[1]
    assert 5 < labels[:20].sum() < 15


def test_the_manifest_says_where_the_set_comes_from(tmp_path, generator):
    generate(generator, GenerationConfig(counts=(2, 3)), tmp_path / "set")
    manifest = json.loads((tmp_path / "set" / "manifest.json").read_text())
    assert manifest["schema"] == "manifest/2"
    assert manifest["synthetic"] is True
    assert manifest["model_sha256"] == "f" * 64
    assert manifest["seed"] == 3
    assert manifest["counts"] == {"normal": 2, "ill": 3}
    assert manifest["count"] == 5
    assert manifest["image_shape"] == [1, 28, 28]
    assert manifest["class_names"] == ["normal", "ill"]
    assert manifest["created_by"].startswith("Synthetyk 0.")


def test_one_npz_has_its_papers_beside_it(tmp_path, generator):
    generate(generator, GenerationConfig(counts=(2, 3), format="npz"), tmp_path / "set.npz")
    assert sorted(contents(tmp_path)) == ["set.files.jsonl", "set.manifest.json", "set.npz"]
    assert verify(tmp_path / "set.npz").count == 5


def test_an_npz_can_lie_in_a_folder_of_its_own(tmp_path, generator):
    generate(generator, GenerationConfig(counts=(2, 3), format="npz"), tmp_path / "set")
    assert sorted(contents(tmp_path / "set")) == ["files.jsonl", "images.npz", "manifest.json"]
    assert len(load_synthetic(tmp_path / "set")[0]) == 5


@pytest.mark.parametrize(("format_", "name"), [*((format_, "set") for format_ in FORMATS), ("npz", "set.npz")])
def test_a_set_can_be_opened_without_being_read(tmp_path, generator, format_, name):
    generate(generator, GenerationConfig(counts=(7, 9), format=format_), tmp_path / name)
    (opened, opened_labels), (read, labels) = open_synthetic(tmp_path / name), load_synthetic(tmp_path / name)
    assert np.array_equal(opened[np.array([3, 15])], read[[3, 15]])
    assert np.array_equal(opened_labels, labels)


def test_an_unconditional_generator_makes_one_class_without_labels(tmp_path):
    generator = make_generator(classes=0)
    for format_ in FORMATS:
        manifest = generate(
            generator, GenerationConfig(counts=(4,), format=format_), output(tmp_path, format_, format_)
        )
        images, labels = load_synthetic(output(tmp_path, format_, format_))
        assert manifest.counts == {"image": 4}
        assert labels.tolist() == [-1] * 4
        assert images.shape == (4, 1, 28, 28)
    assert (tmp_path / "png" / "image").is_dir()


@pytest.mark.parametrize("format_", FORMATS)
def test_an_untouched_set_is_verified(tmp_path, generator, format_):
    made = generate(generator, GenerationConfig(counts=(4, 4), format=format_), output(tmp_path, format_))
    assert verify(output(tmp_path, format_)).model_dump(exclude={"schema_"}) == made.model_dump(exclude={"schema_"})


@pytest.mark.parametrize("format_", FORMATS)
def test_a_changed_byte_is_found(tmp_path, generator, format_):
    generate(generator, GenerationConfig(counts=(4, 4), format=format_), output(tmp_path, format_))
    victim = next(path for path in sorted(tmp_path.rglob("*")) if path.suffix in (".png", ".npz", ".tar"))
    data = bytearray(victim.read_bytes())
    data[-30] ^= 1
    victim.write_bytes(data)
    with pytest.raises(ArtifactError, match=f"{victim.name} is missing or was changed"):
        verify(output(tmp_path, format_))


def test_a_missing_file_a_stranger_and_a_forged_list_are_found(tmp_path, generator):
    generate(generator, GenerationConfig(counts=(4, 4)), tmp_path / "set")
    stranger = tmp_path / "set" / "ill" / "real.png"
    stranger.write_bytes(b"")
    with pytest.raises(ArtifactError, match="does not belong"):
        verify(tmp_path / "set")
    stranger.unlink()
    next((tmp_path / "set" / "ill").glob("*.png")).unlink()
    with pytest.raises(ArtifactError, match="missing or was changed"):
        verify(tmp_path / "set")
    listing = tmp_path / "set" / "files.jsonl"
    listing.write_text("\n".join(line for line in listing.read_text().splitlines() if "ill" not in line) + "\n")
    with pytest.raises(ArtifactError, match=r"files\.jsonl is missing or was changed"):
        verify(tmp_path / "set")


@pytest.mark.parametrize("format_", FORMATS)
def test_an_existing_set_is_refused_unless_overwritten(tmp_path, generator, format_):
    path = output(tmp_path, format_)
    generate(generator, GenerationConfig(counts=(4, 4), format=format_), path)
    before = contents(tmp_path)
    with pytest.raises(RunError, match="overwrite it"):
        generate(generator, GenerationConfig(counts=(1, 1), format=format_), path)
    assert contents(tmp_path) == before
    generate(generator, GenerationConfig(counts=(1, 1), format=format_), path, overwrite=True)
    assert verify(path).count == 2


def test_what_is_no_synthetic_set_is_never_overwritten(tmp_path, generator):
    (tmp_path / "photographs").mkdir()
    (tmp_path / "photographs" / "mine.jpg").write_bytes(b"mine")
    with pytest.raises(RunError, match="no set that Synthetyk made"):
        generate(generator, GenerationConfig(counts=(1, 1)), tmp_path / "photographs", overwrite=True)
    assert (tmp_path / "photographs" / "mine.jpg").read_bytes() == b"mine"


def test_an_empty_folder_may_receive_a_set(tmp_path, generator):
    (tmp_path / "set").mkdir()
    generate(generator, GenerationConfig(counts=(1, 1)), tmp_path / "set")
    assert verify(tmp_path / "set").count == 2


@pytest.mark.parametrize("format_", FORMATS)
def test_files_that_somebody_laid_into_a_set_are_never_overwritten(tmp_path, generator, format_):
    generate(generator, GenerationConfig(counts=(4, 4), format=format_), tmp_path / "set")
    mine = ["a.csv", "b/notes.txt", "c.md", "d.md", "e.md"]
    for name in mine:
        (tmp_path / "set" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "set" / name).write_bytes(b"mine")
    before, drawn = contents(tmp_path), []
    with pytest.raises(RunError, match=r"do not belong to its set: a\.csv, b/notes\.txt, c\.md and 2 more"):
        generate(
            generator,
            GenerationConfig(counts=(1, 1), format=format_),
            tmp_path / "set",
            overwrite=True,
            progress=lambda *told: drawn.append(told),
        )
    assert contents(tmp_path) == before
    assert not drawn


@pytest.mark.parametrize("left", [None, "{", "[]\n", "3\n"])
def test_a_runs_set_whose_list_is_missing_or_damaged_is_made_again(tmp_path, generator, left):
    config = GenerationConfig(counts=(4, 4), format="npz")
    generate(generator, config, tmp_path / "set")
    listing = tmp_path / "set" / "files.jsonl"
    listing.unlink() if left is None else listing.write_text(left)
    generate(generator, config, tmp_path / "set", overwrite=True)
    assert verify(tmp_path / "set").count == 8


@pytest.mark.parametrize("name", [".", "..", "../.."])
def test_the_folder_that_one_is_in_is_refused_in_words(tmp_path, generator, monkeypatch, name):
    (tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a" / "b")
    with pytest.raises(RunError, match="the folder that you are in"):
        generate(generator, GenerationConfig(counts=(1, 1)), Path(name))
    assert not contents(tmp_path)


@pytest.mark.parametrize("name", ["set", "../set", "../b/set"])
def test_a_set_goes_where_a_relative_path_leads(tmp_path, generator, monkeypatch, name):
    (tmp_path / "b").mkdir()
    monkeypatch.chdir(tmp_path / "b")
    for _ in range(2):
        generate(generator, GenerationConfig(counts=(1, 1)), Path(name), overwrite=True)
    assert verify(tmp_path / "b" / name).count == 2
    assert not list(tmp_path.rglob("*.partial"))


def test_a_failed_attempt_leaves_nothing_at_the_output_and_is_cleared_away(tmp_path, generator):
    class Killed(BaseException):
        pass

    def kill(done, total, message=""):
        raise Killed

    with pytest.raises(Killed):
        generate(generator, GenerationConfig(counts=(4, 4)), tmp_path / "set", progress=kill)
    assert not (tmp_path / "set").exists()
    generate(generator, GenerationConfig(counts=(4, 4)), tmp_path / "set")
    assert [path.name for path in tmp_path.iterdir()] == ["set"]
    assert verify(tmp_path / "set").count == 8


@pytest.mark.parametrize("counts", [(1,), (1, 2, 3), (0, 0), (-1, 3)])
def test_counts_that_do_not_fit_are_refused(tmp_path, generator, counts):
    with pytest.raises(ConfigError):
        generate(generator, GenerationConfig(counts=counts), tmp_path / "set")
    assert not any(tmp_path.iterdir())


def test_a_damaged_manifest_is_said(tmp_path, generator):
    generate(generator, GenerationConfig(counts=(1, 1)), tmp_path / "set")
    path = tmp_path / "set" / "manifest.json"
    path.write_text(path.read_text().replace('"synthetic": true', '"synthetic": false'))
    with pytest.raises(ArtifactError, match="synthetic"):
        verify(tmp_path / "set")


@pytest.mark.parametrize(
    ("counts", "missing"), [((3, 10, 7), (7, 0, 3)), ((5,), (0,)), (np.array([0, 4]), (4, 0)), ((), ())]
)
def test_balancing_fills_every_class_up_to_the_largest(counts, missing):
    assert balance_counts(counts) == missing


@pytest.mark.parametrize("format_", FORMATS)
def test_a_set_tells_which_images_its_generator_met(tmp_path, format_):
    path = output(tmp_path, format_)
    generate(make_generator(met=MET), GenerationConfig(counts=(2, 3), format=format_), path)
    manifest = verify(path)
    assert (manifest.met.trained, manifest.met.judged) == (2, 1)
    found = images_met(path)
    assert found.trained.tolist() == [3, 7] and found.judged.tolist() == [5]
    assert load_synthetic(path)[0].shape == (5, 1, 28, 28)


def test_a_generator_whose_images_are_not_known_leaves_a_set_that_says_nothing_of_them(tmp_path, generator):
    for met in (MET, None):
        path = tmp_path / "set.npz"
        generate(make_generator(met=met), GenerationConfig(counts=(2, 3), format="npz"), path, overwrite=True)
    assert images_met(path) is None
    assert not (tmp_path / "set.met.npy").exists()


def test_which_images_were_met_may_be_left_out_but_not_changed(tmp_path):
    generate(make_generator(met=MET), GenerationConfig(counts=(2, 3)), tmp_path / "set")
    file = tmp_path / "set" / "met.npy"
    kept = file.read_bytes()
    file.write_bytes(kept[:-1] + b"\0")
    for look in (verify, images_met):
        with pytest.raises(ArtifactError, match="met.npy was changed"):
            look(tmp_path / "set")
    file.unlink()
    assert verify(tmp_path / "set").met and images_met(tmp_path / "set") is None


def test_a_manifest_of_before_is_read_as_one_that_says_nothing_of_them(tmp_path, generator):
    generate(generator, GenerationConfig(counts=(2, 3)), tmp_path / "set")
    path = tmp_path / "set" / "manifest.json"
    values = {name: value for name, value in json.loads(path.read_text()).items() if name != "met"}
    path.write_text(json.dumps({**values, "schema": "manifest/1"}))
    assert verify(tmp_path / "set").met is None


def test_what_is_no_synthetic_set_tells_nothing(tmp_path):
    for look in (verify, images_met):
        with pytest.raises(ArtifactError, match="no synthetic set"):
            look(tmp_path)
