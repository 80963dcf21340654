"""Synthetic sets whose generator met what an experiment is measured on."""

import shutil
from dataclasses import replace
from pathlib import Path

from synthetyk.core.progress import silent
from synthetyk.data.cache import open_cache
from synthetyk.data.images_met import ImagesMet
from synthetyk.pipeline.begin import begin_run
from synthetyk.pipeline.experiments.images import ImagesWanted, prepare_images
from synthetyk.pipeline.experiments.notices import notices
from synthetyk.pipeline.experiments.plan import planned, wanted_images
from synthetyk.pipeline.experiments.results import notes_on_synthetic
from synthetyk.pipeline.experiments.run import run_experiments
from synthetyk.pipeline.stage import run_stage
from synthetyk.pipeline.stages import up_to

PHANTOM = "phantom:n=120,size=28,balance=0.5/0.3/0.2"


def test_a_synthetic_set_whose_gan_met_what_is_measured_is_refused(begun, quick, seen, synthetic_set, images):
    data = open_cache(images.folder / "cache")
    met = ImagesMet(data.digests, data.digests[:0])
    folder, wanted = begun(quick("met", synthetic=str(synthetic_set(met=met)), seeds=2), quick("whole"))
    report = run_experiments(folder, wanted, seen)
    failures = report.experiment("met").failures
    assert failures.keys() == {0, 1}
    val, test = ((data.splits == name).sum() for name in ("val", "test"))
    assert f"met {val} validation and {test} test images of this experiment" in failures[0]
    assert '"validation_split": null' in failures[0]
    assert seen.ends == [("whole, seed 0", "")]


def test_a_synthetic_set_whose_gan_met_training_images_alone_is_used_without_a_word(
    begun, quick, seen, synthetic_set, images
):
    met = ImagesMet.of(open_cache(images.folder / "cache"))
    folder, wanted = begun(quick("one", synthetic=str(synthetic_set(met=met))))
    report = run_experiments(folder, wanted, seen)
    assert report.experiment("one").seeds == (0,)
    assert notices(wanted) == []
    assert not any("GAN" in note for note in report.notes)


def test_images_decoded_before_they_had_hashes_leave_the_warning(begun, quick, synthetic_set, images, tmp_path):
    met = ImagesMet.of(open_cache(images.folder / "cache"))
    old = replace(images, folder=Path(shutil.copytree(images.folder, tmp_path / "old")))
    (old.folder / "cache" / "digests.npy").unlink()
    folder, wanted = begun(quick("one", synthetic=str(synthetic_set(met=met))))
    one = wanted.experiments["one"]
    (plan,) = planned(folder, wanted, {wanted_images(wanted, one): old}, threads=1)
    (note,) = notes_on_synthetic([plan])
    assert plan.trainings and "were carved here" in note


def test_splits_carved_as_a_run_does_are_those_of_a_run(tmp_path, tiny_settings):
    run = begin_run(tmp_path / "run", tiny_settings(PHANTOM))
    for stage in up_to("cache"):
        run_stage(stage, run, silent)
    met = ImagesMet.of(open_cache(run.cache))
    splits = {None: False, 0.4: True}
    for validation, overlaps in splits.items():
        wanted = ImagesWanted(dataset=PHANTOM, validation_split=validation)
        found = prepare_images(wanted, tmp_path / str(validation), silent)
        assert bool(met.overlap(open_cache(found.folder / "cache"))) is overlaps
