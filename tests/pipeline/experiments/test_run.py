"""Experiments from what was asked for to what was found."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from synthetyk.core.errors import ArtifactError, ConfigError, RunLockedError, UnknownNameError
from synthetyk.evaluation.experiments.report import ExperimentsReport
from synthetyk.pipeline.experiments import workers
from synthetyk.pipeline.experiments.experiment import read_experiments
from synthetyk.pipeline.experiments.folder import ExperimentsAsked, begin_experiments
from synthetyk.pipeline.experiments.notices import notices
from synthetyk.pipeline.experiments.plan import Planned, check
from synthetyk.pipeline.experiments.results import notes_on_synthetic
from synthetyk.pipeline.experiments.run import run_experiments, workers_of
from synthetyk.pipeline.lock import locked
from synthetyk.training.classifier import TrainedClassifier

PHANTOM = "phantom:n=120,size=28,balance=0.5/0.3/0.2"
GRID = {"augmentation": [False, True], "balance": ["none", "oversample"], "seeds": 2, "model_name": "grid"}


def stand_in(carved):
    """A training on images some splits of which were carved."""
    return SimpleNamespace(images=SimpleNamespace(fingerprint=lambda: SimpleNamespace(carved=carved)))


@pytest.fixture(scope="module")
def grid(tmp_path_factory, quick, asked, shown):
    """A grid of four experiments of two seeds, and what was found; shared, so never changed."""
    path = tmp_path_factory.mktemp("grid")
    (path / "grid.json").write_text(json.dumps(GRID))
    unfolded = read_experiments([path / "grid.json"])
    wanted = asked(
        *(quick(name, **one.model_dump(include=set(GRID) - {"model_name"})) for name, one in unfolded.items())
    )
    folder = begin_experiments(path / "out", wanted)
    return folder, wanted, run_experiments(folder, wanted, shown), shown


def test_every_seed_of_every_experiment_is_trained_the_first_of_each_first(grid):
    _, wanted, report, shown = grid
    names = list(wanted.experiments)
    assert shown.ends == [(f"{name}, seed {number}", "") for number in (0, 1) for name in names]
    assert [one.seeds for one in report.experiments] == [(0, 1)] * 4
    assert shown.works == ["images", "train", "compare"]


def test_the_report_is_kept_with_page_and_figure(grid):
    folder, _, report, _ = grid
    assert ExperimentsReport.load(folder.report) == report
    assert folder.figure.read_bytes().startswith(b"\x89PNG")
    assert all(one.name in folder.page.read_text() for one in report.experiments)


def test_each_experiment_has_figures_classes_and_confusion(grid):
    _, _, report, _ = grid
    for one in report.experiments:
        auc = one.test["auc"]
        assert 0 <= auc.low <= auc.mean <= auc.high <= 1
        assert set(one.val) == set(one.test) >= {"accuracy", "recall", "specificity", "loss"}
        assert [sum(row) for row in one.confusion] == [2 * each.images for each in one.classes]
        assert set(one.classes[0].scores) == {"sensitivity", "specificity", "precision", "auc"}


def test_what_a_grid_varies_is_compared_everything_else_being_equal(grid):
    _, _, report, _ = grid
    (augmentation,) = [one for one in report.effects if (one.key, one.score) == ("augmentation", "auc")]
    assert (augmentation.baseline, augmentation.value, len(augmentation.pairs)) == ("off", "on", 2)
    first = augmentation.pairs[0]
    means = [report.experiment(name).test["auc"].mean for name in (first.first, first.second)]
    assert first.difference.mean == pytest.approx(means[0] - means[1])
    assert {one.key for one in report.effects} == {"augmentation", "balance"}


def test_the_best_is_chosen_on_validation_images(grid):
    _, _, report, _ = grid
    assert report.best == max(report.experiments, key=lambda one: (one.val["auc"].mean, -one.val["loss"].mean)).name


def test_the_model_of_the_best_seed_by_validation_is_handed_out(grid):
    folder, _, report, _ = grid
    one = report.experiments[0]
    kept = TrainedClassifier.load(folder.path / one.folder)
    aucs = {n: TrainedClassifier.load(folder.seed(one.name, n)) for n in one.seeds}
    best = {n: next(p for p in c.curve if p.step == c.best_step) for n, c in aucs.items()}
    assert one.chosen == max(best, key=lambda n: (best[n].auc, -best[n].loss))
    assert kept.config.seed == aucs[one.chosen].config.seed


def test_what_is_done_is_not_done_again(grid, seen, monkeypatch):
    folder, wanted, report, _ = grid
    monkeypatch.setattr(workers, "train", None)
    assert run_experiments(folder, wanted, seen) == report
    assert seen.before == [(8, 8)]
    assert seen.ends == []


def test_only_what_depends_on_a_change_is_done_again(begun, quick, seen):
    run_experiments(*begun(quick("one"), quick("two")), seen)
    seen.ends.clear()
    run_experiments(*begun(quick("one", verbose=2, metrics=["f1"]), quick("two", learning_rate=0.1, seeds=2)), seen)
    assert seen.ends == [("two, seed 0", ""), ("two, seed 1", "")]


def test_an_experiment_that_fails_stops_no_other_and_says_why(begun, quick, seen, synthetic_set):
    folder, wanted = begun(quick("broken", synthetic=str(synthetic_set(size=8))), quick("whole"))
    report = run_experiments(folder, wanted, seen)
    broken, whole = report.experiments
    assert "8 x 8 pixels" in broken.failures[0]
    assert whole.seeds == (0,)
    assert report.best == "whole"
    assert "8 x 8 pixels" in folder.page.read_text()


def test_data_that_cannot_be_used_fails_the_experiments_on_it_alone(begun, quick, seen, tmp_path):
    report = run_experiments(*begun(quick("lost", data=str(tmp_path / "nowhere"), seeds=2), quick("whole")), seen)
    assert report.experiment("lost").failures.keys() == {0, 1}
    assert "nothing at" in report.experiment("lost").failures[1]
    assert report.best == "whole"


def test_where_nothing_could_be_trained_there_is_still_a_report(begun, quick, seen, tmp_path):
    folder, wanted = begun(quick("lost", data=str(tmp_path / "nowhere")))
    report = run_experiments(folder, wanted, seen)
    assert report.best is None
    assert "nothing at" in folder.page.read_text()
    assert not folder.figure.exists()


def test_one_of_several_seeds_that_fails_leaves_the_others(begun, quick, seen, monkeypatch):
    done = workers.train

    def fails(training, *others):
        if training.number == 1:
            raise ConfigError("No more")
        done(training, *others)

    monkeypatch.setattr(workers, "train", fails)
    (one,) = run_experiments(*begun(quick("one", seeds=3)), seen).experiments
    assert (one.seeds, one.failures) == ((0, 2), {1: "No more."})


def test_predictions_that_cannot_be_read_fail_their_experiment_alone(begun, quick, seen):
    folder, wanted = begun(quick("one"), quick("two"))
    run_experiments(folder, wanted, seen)
    (folder.seed("one", 0) / "predictions.npz").write_bytes(b"")
    report = run_experiments(folder, wanted, seen)
    assert "cannot be read" in report.experiment("one").failures[0]
    assert report.best == "two"


def test_recall_is_that_of_the_class_beside_the_normal_one(begun, quick, seen, tmp_path):
    random = np.random.default_rng(0)
    for name in ("abnormal", "normal"):
        (tmp_path / "set" / name).mkdir(parents=True)
        for number, pixels in enumerate(random.integers(0, 255, (60, 16, 16), dtype=np.uint8)):
            Image.fromarray(pixels).save(tmp_path / "set" / name / f"{number}.png")
    report = run_experiments(*begun(quick("one", data=str(tmp_path / "set"), image_size=16)), seen)
    (one,) = report.experiments
    assert any(note.endswith("specificity are those of abnormal.") for note in report.notes)
    abnormal, normal = one.classes
    assert (abnormal.name, normal.name) == ("abnormal", "normal")
    assert one.test["recall"].mean == abnormal.scores["sensitivity"].mean != normal.scores["sensitivity"].mean


def test_none_is_best_among_those_validated_on_other_images(begun, quick, seen):
    other = PHANTOM.replace("n=120", "n=130")
    folder, wanted = begun(quick("one"), quick("two", data=other))
    report = run_experiments(folder, wanted, seen)
    assert report.best is None
    assert any("None is called best" in note for note in report.notes)
    assert "cannot be told" in folder.page.read_text()
    assert folder.figure.exists()


def test_where_splits_were_carved_it_is_said_that_a_gan_may_have_met_them(begun, quick, synthetic_set):
    path = str(synthetic_set())
    _, wanted = begun(quick("one", synthetic=path), quick("two"))
    (notice,) = notices(wanted)
    assert notice.startswith(f"{path}: it does not say which images its GAN met.")
    plans = [Planned(one, (stand_in(("val", "test")),)) for one in wanted.experiments.values()]
    (note,) = notes_on_synthetic(plans)
    assert note.startswith("one: val and test images were carved here.")
    assert notes_on_synthetic([Planned(wanted.experiments["one"], (stand_in(()),))]) == []


def test_weights_have_the_name_that_the_callback_gives_them(begun, quick, seen):
    callback = {"class_name": "ModelCheckpoint", "config": {"filepath": "model-{epoch}.h5", "save_best_only": True}}
    folder, wanted = begun(quick("one", callbacks=[callback], model_save_dir="handed/out"))
    (one,) = run_experiments(folder, wanted, seen).experiments
    assert (one.folder, one.weights) == ("experiments/one/handed/out", "model-1.safetensors")
    weights = folder.path / one.folder / one.weights
    assert weights.read_bytes() == weights.with_name("classifier.safetensors").read_bytes()
    (notice,) = notices(wanted)
    assert "safetensors, not as .h5" in notice


def test_the_folder_belongs_to_one_process(begun, quick, seen):
    folder, wanted = begun(quick("one"))
    run_experiments(folder, wanted, seen)
    with locked(folder.path), pytest.raises(RunLockedError):
        run_experiments(*begun(quick("two")), seen)
    assert ExperimentsAsked.load(folder.config) == wanted


def test_what_is_asked_for_last_is_kept(begun, quick, seen):
    run_experiments(*begun(quick("one")), seen)
    folder, wanted = begun(quick("two"))
    run_experiments(folder, wanted, seen)
    assert ExperimentsAsked.load(folder.config) == wanted


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"data": ""}, ConfigError, "--data DATASET"),
        ({"encoder": "resnet5"}, UnknownNameError, "Did you mean 'resnet50'"),
        ({"tracker": "mlfow"}, UnknownNameError, "Did you mean 'mlflow'"),
        ({"weights": "nowhere.pth"}, ArtifactError, "weights nowhere.pth"),
        ({"synthetic": "nowhere"}, ArtifactError, "synthetic nowhere"),
    ],
)
def test_what_can_be_found_wrong_without_work_is(asked, quick, settings, error, words):
    with pytest.raises(error, match=words):
        check(asked(quick("one"), quick("two", **settings)))


def test_no_more_go_on_side_by_side_than_there_are_cores_or_asked_for(quick, monkeypatch):
    monkeypatch.setattr("synthetyk.pipeline.experiments.run.usable_threads", lambda: 4)
    assert workers_of([quick(num_workers=0)]) == 4
    assert workers_of([quick(num_workers=1)]) == 1
    assert workers_of([quick(num_workers=1), quick(num_workers=3)]) == 3
    assert workers_of([quick(num_workers=64)]) == 4


def test_trainings_share_the_cores_with_those_beside_them_alone(begun, quick, seen, monkeypatch):
    monkeypatch.setattr("synthetyk.pipeline.experiments.run.usable_threads", lambda: 4)
    threads = []
    monkeypatch.setattr(workers, "train", lambda training, *_: threads.append(training.config.threads) or 1 // 0)
    run_experiments(*begun(quick("one", seeds=4, num_workers=1)), seen)
    assert threads == [4] * 4


def test_weights_that_do_not_fit_are_found_before_anything_is_trained(asked, quick, tmp_path):
    np.savez(tmp_path / "w.npz", weight=np.zeros((3, 3)))
    with pytest.raises(ArtifactError, match="does not fit"):
        check(asked(quick("one", encoder="squeezenet", weights=str(tmp_path / "w.npz"))))


def test_experiments_share_what_their_seeds_draw(grid):
    folder, wanted, _, _ = grid
    seeds = {TrainedClassifier.load(folder.seed(name, 1)).config.seed for name in wanted.experiments}
    assert len(seeds) == 1
