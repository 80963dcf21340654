import io
from html.parser import HTMLParser

import pytest
from PIL import Image

from synthetyk.evaluation.experiments.report import (
    Averaged,
    ClassFigures,
    Effect,
    ExperimentResult,
    ExperimentsReport,
    PairDifference,
    Precision,
)
from synthetyk.report.experiment_charts import panels_of, row_name
from synthetyk.report.experiments import experiments_figure, failures, render_experiments, shown_scores

SCORES = ("auc", "accuracy", "balanced_accuracy", "f1", "precision", "recall", "specificity", "loss")


def figure(mean=0.8):
    return Averaged(mean=mean, low=mean - 0.1, high=mean + 0.1)


def result(name="one", **changes):
    scores = {each: figure() for each in SCORES}
    classes = tuple(
        ClassFigures(
            name=each, images=10, scores={s: figure() for s in ("sensitivity", "specificity", "precision", "auc")}
        )
        for each in ("<normal>", "tumour")
    )
    known = {"seeds": (0, 1), "chosen": 1, "parameters": 1234, "train_counts": (30, 20), "val": scores, "test": scores}
    known |= {"classes": classes, "confusion": ((9, 1), (2, 8)), "steps": (5, 5), "kept_steps": (3, 5)}
    known |= {"seconds": (1.0, 2.0), "folder": f"experiments/{name}/export_model", "weights": "model.safetensors"}
    return ExperimentResult(name=name, **{"settings": {"metrics": ["accuracy"]}, **known, **changes})


def effect(outcome="higher", mean=0.05):
    pair = PairDifference(first="b", second="a", difference=figure(mean))
    numbers = {"p_value": 0.01, "p_corrected": 0.02, "smallest_effect": 0.03}
    return Effect(
        **{"key": "encoder", "value": "resnet18", "baseline": "edgenet", "score": "auc", "pairs": (pair,)},
        difference=figure(mean),
        outcome=outcome,
        **numbers,
    )


def report(*results, effects=()):
    best = next((one.name for one in results if one.seeds), None)
    return ExperimentsReport(
        experiments=results, effects=tuple(effects), best=best, resamples=100, seed=0, notes=("A note.",)
    )


class Words(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.said = []
        self.feed(page)

    def handle_data(self, data):
        self.said.append(data)


def words(found):
    return " ".join(" ".join(Words(render_experiments(found, "mine")).said).split())


def test_the_page_leads_with_the_best_and_what_each_setting_changes():
    said = words(report(result("a"), result("b"), effects=[effect()]))
    assert "a has the highest AUC on validation images (0.800), by which it was chosen" in said
    assert "Its model is model.safetensors in experiments/a/export_model." in said
    assert "encoder: edgenet → resnet18 moves the test AUC by +0.050 (95% interval −0.050 to +0.150; higher)" in said


def test_one_experiment_alone_is_not_called_the_best():
    said = words(report(result("a")))
    assert "1 experiment How good is it? a Its AUC on test images is 0." in said
    assert "Which is best?" not in said


def test_the_page_shows_scores_classes_confusions_and_trainings():
    said = words(report(result("a"), result("b")))
    for each in (
        "Scores on test images",
        "Confusion matrix of a",
        "<normal>",
        "90.0%",
        "1,234",
        "seed 1 is kept",
        "A note.",
    ):
        assert each in said
    assert "No two experiments differ in one setting alone." in said


def test_other_forms_of_a_model_are_shown_with_what_they_gain():
    numbers = {"megabytes": 0.1, "gzip_megabytes": 0.09, "speedups": {1: 3.2, 32: 2.1}, "validation_auc": 0.8}
    form = Precision(
        **{"name": "int8", "about": "8 bits", "file": "a.onnx", "benefit": "4.0 times smaller", "picked": True},
        **numbers,
        auc=figure(),
        difference=figure(-0.001),
        agreement=0.99,
    )
    said = words(report(result(precisions=(form,), precision="Fewer bits do not hurt.")))
    for each in (
        "int8",
        "the one to use",
        "3.2 (1), 2.1 (32)",
        "−0.001",
        "99.0%",
        "4.0 times smaller",
        "Fewer bits do not",
    ):
        assert each in said
    assert "Fewer bits, fewer weights" not in words(report(result()))


def test_synthetic_images_are_counted_apart():
    assert "and 12 synthetic" in words(report(result(synthetic_counts=(6, 6))))


def test_what_failed_is_told_first():
    broken = result("broken", seeds=(), failures={0: "No memory.", 1: "No memory."})
    half = result("half", failures={2: "A bug."})
    large = result("large", compression_failure="No room.")
    found = report(broken, half, large, result("whole"))
    assert failures(found) == [("broken", "No memory."), ("half, seed 2", "A bug."), ("large, compression", "No room.")]
    said = words(found)
    assert said.index("broken: No memory.") < said.index("Which is best?")
    assert "3 of them not whole" in said


def test_a_page_without_any_classifier_still_says_why():
    said = words(report(result("broken", seeds=(), failures={0: "No memory."})))
    assert "No experiment has a classifier." in said
    assert "Scores on" not in said


def test_tables_show_auc_what_was_asked_for_and_the_loss():
    assert shown_scores([result(settings={"metrics": ["auc"]}), result(settings={"metrics": ["f1"]})]) == [
        *("auc", "f1", "loss")
    ]


@pytest.mark.parametrize(("effects", "charts"), [((), 1), ((effect(), effect("no difference shown", -0.01)), 2)])
def test_charts_say_in_words_what_they_show(effects, charts):
    found = panels_of(report(result("a"), result("b"), effects=effects))
    assert len(found) == charts
    assert "a: 0.800 (0.700–0.900)" in found[0].alt
    assert not effects or "encoder: edgenet → resnet18: +0.050" in found[1].alt


def test_the_figure_grows_with_the_number_of_experiments():
    few, many = (
        Image.open(io.BytesIO(experiments_figure(report(*(result(f"e{n}") for n in range(count)))))) for count in (2, 9)
    )
    assert many.size[0] == few.size[0]
    assert many.size[1] > few.size[1] + 300


def test_a_dollar_in_a_name_begins_no_formula():
    name = "cost $x^{$"
    assert experiments_figure(report(result(name), effects=[effect()])).startswith(b"\x89PNG")
    assert f"{name}: 0.800" in panels_of(report(result(name)))[0].alt


def test_of_one_grid_rows_are_called_by_what_it_varies():
    grid = [result("my file encoder=a, epochs=3"), result("my file encoder=b, epochs=3")]
    assert row_name(grid[0].name, grid) == "encoder=a, epochs=3"
    assert row_name(grid[0].name, [*grid, result("other one")]) == grid[0].name
    assert row_name("first one", [result("first one")]) == "first one"
