import io
import json
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from synthetyk.report.charts import DARK, LIGHT, Panel, panel_png
from synthetyk.report.history import Event, History, Kept, Series
from synthetyk.report.inputs import ReportInputs
from synthetyk.report.plots import (
    calibration_panel,
    candidate_panels,
    histogram_panel,
    training_curves,
    training_panels,
    validation_panel,
)


def history(*events: Event, **series: tuple[float, ...]) -> History:
    return History({name: Series(tuple(map(float, range(1, len(v) + 1))), v) for name, v in series.items()}, events)


def pixels(panel: Panel, theme=LIGHT) -> np.ndarray:
    with Image.open(io.BytesIO(panel_png(panel, theme))) as image:
        return np.asarray(image.convert("RGB"))


def test_every_kind_of_curve_gets_a_chart(inputs: ReportInputs, tmp_path: Path) -> None:
    training_curves(inputs.metrics, tmp_path / "curves.png")
    with Image.open(tmp_path / "curves.png") as image:
        width, height = image.size
    assert width > 1000
    assert height > width  # nine charts in five rows
    assert (tmp_path / "curves.png").stat().st_size < 300_000


def test_curves_of_an_empty_training_are_still_a_picture(tmp_path: Path) -> None:
    training_curves(tmp_path / "metrics.jsonl", tmp_path / "curves.png")
    with Image.open(tmp_path / "curves.png") as image:
        assert image.format == "PNG"


def test_curves_are_the_same_bytes_each_time(inputs: ReportInputs, tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        training_curves(inputs.metrics, tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_chart_is_drawn_only_for_what_was_logged() -> None:
    panels = training_panels(history(d_loss=(1.0, 2.0), learning_rate=(1e-4, 1e-4)))
    assert [panel.title for panel in panels] == ["Losses"]


def test_distances_have_a_chart_each() -> None:
    panels = training_panels(History({name: Series((1.0,), (0.5,)) for name in ("KD[learned]", "FID")}, ()))
    assert [panel.title for panel in panels] == ["KD[learned] over the training", "FID over the training"]


def test_many_classes_are_shown_by_their_extremes() -> None:
    series = {f"diversity_pixels/class {k}": Series((1.0, 2.0), (0.1, 0.1 * (k + 1))) for k in range(9)}
    (panel,) = training_panels(History(series, ()))
    assert "class 0 (least) from 0.1 to 0.1" in panel.alt
    assert "class 8 (most) from 0.1 to 0.9" in panel.alt
    assert "class 4" not in panel.alt


def test_alt_text_tells_where_each_line_begins_and_ends() -> None:
    (panel,) = training_panels(history(d_loss=(1.375, 1.125), g_loss=(0.75, float("nan"))))
    assert "discriminator from 1.38 to 1.12" in panel.alt
    assert "generator from 0.75 to 0.75" in panel.alt


def test_events_are_marked() -> None:
    calm = training_panels(history(d_loss=(1.0, 2.0, 1.5)))[0]
    marked = training_panels(history(Event(2.0, "collapse", "Seen."), d_loss=(1.0, 2.0, 1.5)))[0]
    assert (pixels(calm) != pixels(marked)).any()


def test_the_kept_moment_is_marked() -> None:
    without = history(d_loss=(1.0, 2.0, 1.5))
    kept = replace(without, kept=Kept(2.0, "The averaged weights."))
    assert (pixels(training_panels(without)[0]) != pixels(training_panels(kept)[0])).any()


def test_candidates_are_told_apart_by_their_weights() -> None:
    (panel,) = candidate_panels(history(val_kd=(0.4, 0.1), raw_val_kd=(0.5, 0.2)))
    assert "averaged weights from 0.4 to 0.1; raw weights from 0.5 to 0.2" in panel.alt
    (panel,) = candidate_panels(history(val_kd=(0.4, 0.1), short_val_kd=(0.5, 0.2)))
    assert "averaged weights from 0.4 to 0.1; briefly averaged weights from 0.5 to 0.2" in panel.alt


def test_a_generator_without_averaged_weights_is_called_the_generator() -> None:
    (panel,) = candidate_panels(history(val_auc=(0.7, 0.9)))
    assert "generator from 0.7 to 0.9" in panel.alt


def test_the_error_of_a_value_is_a_band() -> None:
    sure = history(val_kd=(0.4, 0.3, 0.35))
    unsure = replace(sure, series={"val_kd": replace(sure.series["val_kd"], errors=(0.1, 0.1, 0.1))})
    first, second = (pixels(candidate_panels(each)[0]) for each in (sure, unsure))
    assert (first != second).any()


def test_every_measure_of_a_candidate_has_a_chart_and_a_missing_one_has_none() -> None:
    names = ("val_kd", "val_auc", "nn_ratio_features", "nn_ratio_pixels", "exact_copies", "near_copies")
    found = history(**dict.fromkeys(names, (1.0, 2.0)))
    assert len(candidate_panels(found)) == 5
    unlabelled = {name: series for name, series in found.series.items() if name != "val_auc"}
    assert len(candidate_panels(replace(found, series=unlabelled))) == 4


def test_copies_have_a_chart_if_there_were_any() -> None:
    assert candidate_panels(history(exact_copies=(0.0, 0.0), near_copies=(0.0, float("nan")))) == []
    (panel,) = candidate_panels(history(exact_copies=(0.0, 0.0), near_copies=(0.0, 3.0)))
    assert "near, generator from 0 to 3" in panel.alt


@pytest.mark.parametrize("values", [(0.5,), (float("nan"),), (-0.01, 0.0), (9.0, 0.1, 0.1, 0.1)])
def test_scarce_or_odd_distances_draw_without_a_warning(values: tuple[float, ...]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert pixels(candidate_panels(history(val_kd=values))[0]).std() > 0


@pytest.mark.parametrize("values", [(0.5,), (float("nan"), float("nan")), (0.0, 0.0)])
def test_scarce_values_draw_without_a_warning(values: tuple[float, ...]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert pixels(training_panels(history(d_loss=values))[0]).size


def test_the_dark_chart_is_dark() -> None:
    panel = training_panels(history(d_loss=(1.0, 2.0)))[0]
    assert pixels(panel, LIGHT).mean() > 200
    assert pixels(panel, DARK).mean() < 60


def test_a_calibration_chart_tells_its_bins() -> None:
    panel = calibration_panel({"real": ((0.55, 0.9), (0.5, 0.95))})
    assert "real: 55% sure, 50% right, 90% sure, 95% right" in panel.alt
    assert pixels(panel).std() > 0


def test_a_histogram_tells_both_ends_of_each_class() -> None:
    panel = histogram_panel({"a": (1, 2, 1), "b": (0, 0, 0)})
    assert "a: 25% darkest, 25% brightest; b: 0% darkest, 0% brightest" in panel.alt
    assert pixels(panel).std() > 0


def test_learning_curves_tell_their_ends() -> None:
    panel = validation_panel({"real": [(25, 0.7), (400, 0.9)]})
    assert "real from 0.700 to 0.900" in panel.alt
    assert pixels(panel).std() > 0


def test_a_metrics_file_that_was_cut_short_is_drawn(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text(json.dumps({"step": 1, "d_loss": 1.0, "kimg": 0.1}) + "\n" + '{"step": 2, "d_l')
    training_curves(path, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").exists()
