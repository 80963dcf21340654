import json
import math
from pathlib import Path
from typing import Any

import pytest

from synthetyk.core.errors import ArtifactError
from synthetyk.models.gan_network import NetworkConfig
from synthetyk.report.history import Kept, read_history
from synthetyk.training.generator_file import GeneratorCard


def write(path: Path, *lines: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_a_missing_file_is_an_empty_history(tmp_path: Path) -> None:
    history = read_history(tmp_path / "metrics.jsonl")
    assert history.series == {}
    assert history.events == ()
    assert history.kimg == 0


def test_series_lie_over_the_images_shown(tmp_path: Path) -> None:
    lines = ({"step": 10, "d_loss": 1.5, "kimg": 0.64}, {"step": 20, "d_loss": 1.25, "kimg": 1.28})
    history = read_history(write(tmp_path / "m.jsonl", *lines))
    assert history.series["d_loss"].kimg == (0.64, 1.28)
    assert history.series["d_loss"].values == (1.5, 1.25)
    assert history.kimg == 1.28


def test_lines_without_kimg_are_placed_by_their_step(tmp_path: Path) -> None:
    ruler = [{"step": step, "kimg": step * 0.064} for step in (10, 20)]
    lines = (*ruler, {"step": 15, "KD[learned]": 0.5}, {"step": 20, "event": "collapse", "message": "Seen."})
    history = read_history(write(tmp_path / "m.jsonl", *lines))
    assert math.isclose(history.series["KD[learned]"].kimg[0], 15 * 0.064)
    assert math.isclose(history.events[0].kimg, 1.28)
    assert (history.events[0].kind, history.events[0].message) == ("collapse", "Seen.")


def test_what_was_no_number_is_a_gap(tmp_path: Path) -> None:
    lines = [{"step": s, "g_loss": v, "kimg": s} for s, v in enumerate((None, 1.0, 2.0, None))]
    series = read_history(write(tmp_path / "m.jsonl", *lines)).series["g_loss"]
    assert math.isnan(series.values[0])
    assert (series.first, series.last) == (1.0, 2.0)


def test_an_event_before_the_first_metric_stands_at_the_start(tmp_path: Path) -> None:
    event = {"step": 7, "event": "checkpoint_damaged", "message": "Went on."}
    assert read_history(write(tmp_path / "m.jsonl", event)).events[0].kimg == 0


def test_errors_stand_with_what_they_are_errors_of(tmp_path: Path) -> None:
    lines = ({"step": 1, "kimg": 1.0}, {"step": 1, "raw_val_kd": 0.5, "raw_val_kd_error": 0.1})
    series = read_history(write(tmp_path / "m.jsonl", *lines)).series
    assert series["raw_val_kd"].errors == (0.1,)
    assert "raw_val_kd_error" not in series


def test_errors_of_other_moments_are_left_out(tmp_path: Path) -> None:
    lines = ({"step": 1, "kimg": 1.0, "val_kd": 0.5}, {"step": 2, "kimg": 2.0, "val_kd": 0.4, "val_kd_error": 0.1})
    assert read_history(write(tmp_path / "m.jsonl", *lines)).series["val_kd"].errors == ()


def card(path: Path, chosen: str, noise_scale: float = 1.0) -> None:
    shape = {"network": NetworkConfig(), "class_names": (), "image_shape": (1, 64, 64), "seed": 0}
    GeneratorCard(**shape, kimg=12.5, training_sha256="ab", chosen=chosen, noise_scale=noise_scale).save(path)


def test_what_was_kept_is_read_from_the_card_beside_the_metrics(tmp_path: Path) -> None:
    card(tmp_path / "generator.json", "The raw weights at 12.5 kimg.", 1.2)
    assert read_history(tmp_path / "metrics.jsonl").kept == Kept(12.5, "The raw weights at 12.5 kimg.", 1.2)


def test_without_a_choice_nothing_was_kept_for_a_reason(tmp_path: Path) -> None:
    assert read_history(tmp_path / "metrics.jsonl").kept is None
    card(tmp_path / "generator.json", "")
    assert read_history(tmp_path / "metrics.jsonl").kept is None


def test_a_damaged_card_is_refused(tmp_path: Path) -> None:
    (tmp_path / "generator.json").write_text("{")
    with pytest.raises(ArtifactError, match="damaged"):
        read_history(tmp_path / "metrics.jsonl")


def test_what_became_of_a_tracker_is_no_event_of_the_training(tmp_path: Path) -> None:
    event = {"step": 7, "event": "tracker_left_out", "message": "mlflow failed."}
    assert read_history(write(tmp_path / "m.jsonl", event)).events == ()
