import json
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from tests.runtime.tiny import classifier_part, generator_part, tiny_manifest

from synthetyk.compression.report import Figure, ViewsScores
from synthetyk.evaluation.study.report import StudyReport
from synthetyk.models.gan_network import NetworkConfig
from synthetyk.report.report import ReportInputs, StageLine, render_report
from synthetyk.report.sections.limits import limits
from synthetyk.training.generator_file import GeneratorCard
from synthetyk.training.recipes import recipe

VOID = {"meta", "img", "source", "br", "hr", "link", "input", "line", "circle"}
SECTIONS = (
    "verdict",
    "sharing",
    "images",
    "study",
    "evaluation",
    "compression",
    "training",
    "package",
    "data",
    "making",
    "limits",
)


class Page(HTMLParser):
    """Reads a page strictly: every tag is closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.places: dict[str, int] = {}
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        assert len(found) == len(attrs), f"<{tag}> has an attribute twice"
        self.tags.append((tag, found))
        if "id" in found:
            assert found["id"] not in self.places, f"id {found['id']} is there twice"
            self.places[found["id"]] = len(self.words)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words += data.split()

    @property
    def text(self) -> str:
        return " ".join(self.words)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def html(inputs: ReportInputs) -> str:
    return render_report(inputs)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_every_section_is_there_and_can_be_reached(page: Page) -> None:
    assert set(SECTIONS) <= set(page.places)
    links = {link["href"] for link in page.all("a")}
    assert {f"#{name}" for name in SECTIONS[2:]} <= links
    assert {link.removeprefix("#") for link in links} <= set(page.places)


def test_the_verdict_stands_first_and_sharing_second(page: Page, inputs: ReportInputs) -> None:
    order = sorted(SECTIONS, key=lambda name: page.places[name])
    assert order[:2] == ["verdict", "sharing"]
    head = " ".join(page.words[page.places["verdict"] : page.places["sharing"]])
    assert inputs.study.verdict.sentence in head
    assert "Yes, they help" in head


def test_the_page_is_one_file(html: str, page: Page) -> None:
    assert not page.all("script")
    assert not page.all("link")
    sources = [tag[name] for _, tag in page.tags for name in ("src", "srcset", "href") if name in tag]
    assert all(source.startswith(("data:image/", "#")) for source in sources)
    assert "@import" not in html
    assert "url(" not in html
    assert "http" not in html


def test_the_page_is_small(html: str) -> None:
    assert len(html.encode()) < 2_000_000


def test_every_picture_is_described(page: Page) -> None:
    alts = [image["alt"] for image in page.all("img")]
    assert len(alts) >= 12
    assert all(len(alt) > 20 for alt in alts)


def test_every_table_has_headers_and_a_name(page: Page) -> None:
    scopes = {header["scope"] for header in page.all("th")}
    assert scopes == {"col", "row"}
    assert all(table["aria-label"] for table in page.all("table"))


def test_earlier_sheets_are_named_by_the_images_shown(page: Page) -> None:
    assert "After 20,000 images" in page.text
    assert "After 60,000 images" in page.text


def test_problems_are_shown_by_kind_without_the_names_of_files(page: Page) -> None:
    assert "not an image 1 This is no image" in page.text
    assert "notes.png" not in page.text and "Mrs Example" not in page.text


def test_charts_come_in_a_light_and_a_dark_dress(page: Page) -> None:
    assert all("prefers-color-scheme: dark" in source["media"] for source in page.all("source"))
    assert len(page.all("source")) == 9 + 2 + 1  # training, study, data


def test_headings_descend_by_one(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.tags if tag in ("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))


def test_scores_of_every_arm_stand_in_the_page(page: Page, inputs: ReportInputs) -> None:
    for arm in inputs.study.arms:
        auc = arm.scores["auc"]
        assert f"{auc.mean:.3f} ({auc.low:.3f}–{auc.high:.3f})" in page.text
        row = " ".join(f"{s.mean:.3f} {s.low:.3f}–{s.high:.3f}" for s in arm.scores.values())
        assert f"{arm.name} {row}" in page.text


def test_comparisons_stand_in_the_page(page: Page) -> None:
    assert "+0.031 +0.017 to +0.046 0.012 0.012 0.020 higher" in page.text
    assert "−0.001 −0.011 to +0.009 0.789 1.000 0.020 no difference shown" in page.text


def test_confusions_stand_in_the_page_by_share_and_count(page: Page) -> None:
    assert "normal 89.6% 403 8.4% 38 2.0% 9 benign 22.0% 33 68.0% 102 10.0% 15" in page.text


def test_figures_stand_beside_their_floors(page: Page) -> None:
    assert "0.0417 0.0361 to 0.0475 floor 0.000812 ± 0.000081" in page.text
    assert "18.4 floor 6.21 ± 0.62" in page.text


def test_a_void_distance_is_marked_and_an_unmeasured_one_explained(page: Page) -> None:
    assert "18.4 floor 6.21 ± 0.62 void" in page.text
    assert "0.712 135 images a side below 0.9" in page.text
    assert "Not measured for malignant: only 12 images on each side, 20 are needed." in page.text


def test_blur_and_noise_are_told_with_their_sizes(page: Page) -> None:
    assert (
        "The images are blurred: detail of 2 pixels has less than half the energy that it has in real ones. The"
        in page.text
    )
    assert "The images are noisy: detail of 8 pixels has more than twice the energy" in page.text
    assert "0.310 floor 1.000 ± 0.020" in page.text


def test_the_privacy_audit_stands_in_the_page(page: Page, inputs: ReportInputs) -> None:
    assert inputs.privacy.sentence in page.text
    assert inputs.privacy.limits in page.text
    assert "0.513 0.468 to 0.557" in page.text


def test_the_data_stands_in_the_page(page: Page) -> None:
    assert "normal 420 90 90 600" in page.text
    assert "together 630 135 135 900" in page.text
    assert "test in training" in page.text
    assert "truncated 2 The file ends early" in page.text


def test_patients_are_counted_but_not_named(page: Page) -> None:
    assert "450 known" in page.text
    assert "Mrs Example" not in page.text


def test_the_plan_stands_with_reason_and_origin(page: Page) -> None:
    assert "resolution 64 the median shorter side is 128 pixels, and at 128 a CPU needs an hour plan" in page.text
    assert "gan_kimg 123.4 fixed by the command line" in page.text
    assert "gan_learning_rate 0.0002 the DCGAN paper's plan" in page.text
    assert "gan_augment none" in page.text


def test_the_recipe_stands_with_what_it_is(page: Page, inputs: ReportInputs, bare: ReportInputs) -> None:
    assert f"gan_recipe cpu-fast {recipe('cpu-fast').summary} on a CPU many cheap steps" in page.text
    plugged = {**inputs.plan, "values": {"gan_recipe": "of-a-plug-in"}}
    assert "gan_recipe of-a-plug-in on a CPU" in Page(render_report(replace(bare, plan=plugged))).text


def test_origin_and_times_stand_in_the_page(page: Page) -> None:
    for words in ("Seed 7", "Time budget 10 min", "torch 2.13.0", "together 8 min 8 s", "cd" * 32):
        assert words in page.text


def test_each_stage_tells_its_time_and_memory_and_an_old_record_that_it_does_not_know(
    page: Page, bare: ReportInputs
) -> None:
    assert "What train does. done 3 min 51 s 2,310 MB" in page.text
    assert "together 8 min 8 s 2,310 MB" in page.text
    old = Page(render_report(replace(bare, stages=(StageLine("train", "done", 231.0),))))
    assert "train done 3 min 51 s – together 3 min 51 s –" in old.text


def ended(inputs: ReportInputs, **statuses: str) -> Page:
    """The page of a run whose stages ended so."""
    reason = "Values stopped being numbers."
    lines = [StageLine(name, how, 0.0, reason=reason if how == "failed" else "") for name, how in statuses.items()]
    return Page(render_report(replace(inputs, stages=tuple(lines))))


def between(page: Page, first: str, second: str) -> str:
    return " ".join(page.words[page.places[first] : page.places[second]])


def test_a_failed_stage_is_said_first_and_why(bare: ReportInputs) -> None:
    head = between(ended(bare, plan="done", train="failed"), "failure", "verdict")
    assert head.startswith("Did the run finish? No: the stage 'train' failed Values stopped being numbers.")


def test_what_a_failed_stage_would_have_made_is_missing_for_that_reason(bare: ReportInputs) -> None:
    page = ended(bare, study="failed")
    assert "A study was not made, since the stage 'study' failed. Values stopped being numbers." in page.text
    assert "Of an earlier training" not in page.text


def test_parts_of_an_earlier_training_are_marked_and_no_others(bare: ReportInputs, inputs: ReportInputs) -> None:
    page = ended(replace(bare, evaluation=inputs.evaluation), train="done", evaluate="out of date")
    mark = "Of an earlier training, or of one that has not ended: 'evaluate' must be done again."
    assert page.text.count(mark) == 1
    assert mark in between(page, "evaluation", "training")


def test_a_training_that_has_not_ended_is_marked_with_its_images(bare: ReportInputs, inputs: ReportInputs) -> None:
    page = ended(replace(bare, metrics=inputs.metrics), train="not finished")
    assert "has not ended: 'train' must be done again" in between(page, "training", "data")
    assert "has not ended: 'train' must be done again" in between(page, "images", "study")


def test_the_page_tells_how_often_each_image_was_shown(page: Page) -> None:
    assert "123 thousand real images were shown, each training image about 195 times." in page.text


def test_events_of_the_training_stand_in_words(page: Page) -> None:
    assert "1 51.2 mode collapse Mode collapse: generated images of benign" in page.text


def test_the_generator_that_was_kept_stands_with_its_reason(page: Page) -> None:
    words = between(page, "training", "data")
    assert "Which generator was kept? The averaged weights at 102.4 kimg, of 12 candidates" in words
    assert "were sought among the images of 12 candidates: there were none." in words


def trained(bare: ReportInputs, folder: Path, *lines: dict[str, object]) -> Page:
    """The page of a run whose training logged these lines."""
    metrics = folder / "metrics.jsonl"
    metrics.write_text("".join(json.dumps({"step": 1, **line}) + "\n" for line in lines))
    return Page(render_report(replace(bare, metrics=metrics)))


def test_a_training_that_has_not_ended_has_kept_nothing_yet(bare: ReportInputs, tmp_path: Path) -> None:
    page = trained(bare, tmp_path, {"d_loss": 1.0, "kimg": 2.0}, {"val_kd": 0.5, "exact_copies": 2.0})
    assert "Which generator was kept? None yet" in page.text
    assert "there were none" not in page.text


def test_a_training_from_before_there_were_candidates_says_nothing_of_them(bare: ReportInputs, tmp_path: Path) -> None:
    page = trained(bare, tmp_path, {"d_loss": 1.0, "kimg": 2.0}, {"FD[learned]": 0.5})
    assert "generator was kept" not in page.text
    assert "FD[learned] over the training" in page.text
    assert "saw none." in page.text
    assert "memorisation seen" not in page.text


def test_memorisation_is_told_with_what_was_done(bare: ReportInputs, tmp_path: Path) -> None:
    event = {"event": "memorising", "message": "Memorisation: copies. Ended here."}
    page = trained(bare, tmp_path, {"d_loss": 1.0, "kimg": 2.0}, event)
    assert "1 2.00 memorisation Memorisation: copies. Ended here." in page.text


def test_a_choice_by_training_images_is_a_limit(inputs: ReportInputs, bare: ReportInputs) -> None:
    counts = {"normal": {"train": 90, "val": 12, "test": 10}}
    classes = inputs.fingerprint.classes.replace(names=("normal",), counts=counts)
    fingerprint = inputs.fingerprint.model_copy(update={"classes": classes})
    (points,) = limits(replace(bare, fingerprint=fingerprint, metrics=inputs.metrics)).parts
    assert any("Only 12 images of the data were there for validation, fewer than 20" in each for each in points.points)


def test_noise_wider_than_in_training_is_a_limit(inputs: ReportInputs, bare: ReportInputs, tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").touch()
    shape = {"network": NetworkConfig(), "class_names": (), "image_shape": (1, 64, 64), "seed": 0}
    card = GeneratorCard(**shape, kimg=2, training_sha256="ab", chosen="Its noise is wider.", noise_scale=1.3)
    card.save(tmp_path / "generator.json")
    found = replace(bare, fingerprint=inputs.fingerprint, metrics=tmp_path / "metrics.jsonl")
    (points,) = limits(found).parts
    assert any("noise was made 1.3 times as wide" in each for each in points.points)
    card.model_copy(update={"noise_scale": 1.0}).save(tmp_path / "generator.json")
    (points,) = limits(found).parts
    assert not any("times as wide" in each for each in points.points)


def test_anomalies_are_told_class_by_class_with_their_pictures(page: Page) -> None:
    told = " ".join(page.words[page.places["anomalies"] : page.places["evaluation"]])
    for words in ("420 training images of normal", "0.827 0.740–0.890", "all of them 45 0.842", "41.2%", "5.6%"):
        assert words in told
    assert "maps of what is strange" in " ".join(image["alt"] for image in page.all("img"))


def test_anomalies_that_nobody_asked_for_are_not_mentioned(bare: ReportInputs) -> None:
    assert "anomalies" not in Page(render_report(bare)).places


def test_anomalies_of_an_earlier_state_are_marked_with_the_command_that_does_them_again(inputs: ReportInputs) -> None:
    old = replace(inputs, stages=(*inputs.stages, StageLine("anomalies", "out of date", 1.0)))
    text = Page(render_report(old)).text
    assert "'anomalies' must be done again. To go on: synthetyk anomalies RUN" in text


def test_what_the_classes_are_taken_for_is_said(page: Page) -> None:
    told = " ".join(page.words[page.places["data"] : page.places["making"]])
    assert "normal Normal yes no its name" in told
    assert "benign Benign nodule no no the user" in told
    assert "malignant Malignant no yes its name" in told


def test_presence_and_type_are_told_apart(page: Page, inputs: ReportInputs) -> None:
    told = " ".join(page.words[page.places["study"] : page.places["anomalies"]])
    assert "is an image anything but normal?" in told
    assert "is it benign or malignant? Its sensitivity and specificity are for malignant against benign." in told
    mean = inputs.study.arms[0].scores["auc"].mean
    assert "Arm Presence: AUC Presence: Sensitivity Presence: Specificity Type: AUC" in told
    assert f"real {mean + 0.05:.3f} {mean + 0.05 - 0.0213:.3f}–" in told


def test_without_a_normal_class_nothing_is_asked_twice(inputs: ReportInputs) -> None:
    arms = tuple(arm.replace(asked=None) for arm in inputs.study.arms)
    plain = replace(inputs, study=inputs.study.model_copy(update={"arms": arms}))
    assert "Is there anything" not in Page(render_report(plain)).text


def test_a_study_from_before_presence_was_asked_is_read(study_of: Callable[[str], StudyReport], tmp_path: Path) -> None:
    study_of("helps").save(tmp_path / "study.json")
    old = json.loads((tmp_path / "study.json").read_text()) | {"schema": "study/1"}
    for arm in old["arms"]:
        del arm["asked"]
    for name in ("normal_class", "positive_type", "weights", "pretrain"):
        del old["config"][name]
    (tmp_path / "study.json").write_text(json.dumps(old))
    assert StudyReport.load(tmp_path / "study.json").arms[0].asked is None


def test_limits_follow_from_what_was_found(page: Page) -> None:
    limits = " ".join(page.words[page.places["limits"] :])
    assert "reduced from about 128 to 64 pixels" in limits
    assert "No distance here is the FID" in limits
    assert "One GAN was trained" in limits
    assert "chosen on at most 135 images for validation" in limits
    assert "3 files or lines of the data could not be used" in limits
    assert "more than one split" in limits


def test_a_run_with_nothing_says_so_in_every_section(bare: ReportInputs) -> None:
    page = Page(render_report(bare))
    assert set(SECTIONS) <= set(page.places)
    for words in (
        "A study is not part of this run: the stage 'study' was not run.",
        "A privacy audit is not part of this run",
        "Do not share before one was made.",
        "This run has no sheet of synthetic images.",
        "An evaluation is not part of this run",
        "No training was recorded in this run.",
        "This run has no fingerprint of its data.",
        "This run has no plan file.",
    ):
        assert words in page.text


def test_a_stage_that_does_not_apply_gives_its_reason(bare: ReportInputs) -> None:
    line = StageLine("study", "not applicable", 0.1, reason="The data set has no labels.")
    page = Page(render_report(replace(bare, stages=(line,))))
    assert page.text.count("A study was left out. The data set has no labels.") == 2


def test_what_a_stage_did_not_make_is_not_blamed_on_a_missing_stage(bare: ReportInputs) -> None:
    page = Page(render_report(replace(bare, stages=(StageLine("privacy", "done", 30.0),))))
    assert "A sheet of nearest images was not made." in page.text


def test_a_script_in_a_class_name_stays_text(inputs: ReportInputs, bare: ReportInputs) -> None:
    evil = '<script>alert("x")</script>'
    counts = {evil: {"train": 1, "val": 1, "test": 1}}
    classes = inputs.fingerprint.classes.replace(names=(evil,), counts=counts)
    study = inputs.study.model_copy(update={"class_names": (evil, "b", "c")})
    fingerprint = inputs.fingerprint.model_copy(update={"classes": classes})
    html = render_report(replace(bare, title=evil, dataset=evil, fingerprint=fingerprint, study=study))
    assert "<script" not in html
    assert Page(html).text.count(evil) >= 4


@pytest.mark.parametrize(
    ("outcome", "words", "tone"),
    [
        ("helps", "Yes, they help", "good"),
        ("hurts", "No, they hurt", "bad"),
        ("no difference shown", "a true effect smaller than 0.020 would most likely have stayed unseen", "plain"),
        ("inconclusive", "Nothing can be concluded in either direction", "unsure"),
    ],
)
def test_each_verdict_says_what_it_can_carry(
    bare: ReportInputs, study_of: Callable[[str], StudyReport], outcome: str, words: str, tone: str
) -> None:
    html = render_report(replace(bare, study=study_of(outcome)))
    assert words in Page(html).text
    assert f'<section class="answer {tone}" id="verdict"' in html


@pytest.mark.parametrize(("verdict", "word"), [("copies", "No:"), ("signs", "Not yet:"), ("no sign", "No sign of")])
def test_each_audit_answers_whether_to_share(inputs: ReportInputs, bare: ReportInputs, verdict: str, word: str) -> None:
    privacy = inputs.privacy.model_copy(update={"verdict": verdict, "exact": (3,) if verdict == "copies" else ()})
    page = Page(render_report(replace(bare, privacy=privacy)))
    assert " ".join(page.words[page.places["sharing"] :]).startswith(f"May I share the synthetic images? {word}")
    assert f"{len(privacy.exact)} of 1,260" in page.text


def test_unknown_patients_weaken_the_verdict(inputs: ReportInputs, bare: ReportInputs) -> None:
    groups = inputs.fingerprint.groups.model_copy(update={"known": 0})
    fingerprint = inputs.fingerprint.model_copy(update={"groups": groups})
    page = Page(render_report(replace(bare, study=inputs.study, fingerprint=fingerprint)))
    head = " ".join(page.words[page.places["verdict"] : page.places["sharing"]])
    assert "does not say which images belong to one patient" in head


def test_an_arm_without_plateau_is_marked(bare: ReportInputs, study_of: Callable[[str], StudyReport]) -> None:
    page = Page(render_report(replace(bare, study=study_of("inconclusive"))))
    assert "no still improving at the end" in page.text


def test_data_without_labels_has_counts_all_the_same(inputs: ReportInputs, bare: ReportInputs) -> None:
    classes = inputs.fingerprint.classes.replace(
        names=(), counts={"": {"train": 70, "val": 15, "test": 15}}, imbalance=None
    )
    pixels = inputs.fingerprint.pixels.replace(class_histograms={"": inputs.fingerprint.pixels.histogram})
    update = {"classes": classes, "pixels": pixels, "problems": {}, "carved": ()}
    page = Page(render_report(replace(bare, fingerprint=inputs.fingerprint.model_copy(update=update))))
    assert "900 images, without labels" in page.text
    assert "no label 70 15 15 100" in page.text
    assert "Every file could be read." in page.text
    assert "all came with the data" in page.text


def test_the_first_extractor_that_scored_nothing_says_why(inputs: ReportInputs, bare: ReportInputs) -> None:
    (result,) = inputs.evaluation.results
    nothing = result.classes[-1].replace(name="overall")
    evaluation = inputs.evaluation.model_copy(update={"results": (result.replace(overall=nothing, classes=()),)})
    page = Page(render_report(replace(bare, evaluation=evaluation)))
    assert "Nothing was scored overall: only 12 images on each side, 20 are needed." in page.text


def test_void_overall_distances_are_said_loudly(inputs: ReportInputs, bare: ReportInputs) -> None:
    (result,) = inputs.evaluation.results
    void = result.classes[1].replace(name="overall")
    evaluation = inputs.evaluation.model_copy(update={"results": (result.replace(overall=void),)})
    html = render_report(replace(bare, evaluation=evaluation))
    assert f'<p class="box bad">{void.void_reason}.</p>' in html


def test_the_package_is_told_with_its_hashes_and_figures(inputs):
    manifest = tiny_manifest(classifier_part(), generator_part())
    page = Page(render_report(replace(inputs, package=manifest)))
    for name, record in manifest.files.items():
        assert name in page.text
        assert record.sha256 in page.text
    assert "0.800 to 0.950" in page.text
    assert 'mlflow.pyfunc.load_model("RUN/package")' in page.text


def test_every_form_of_the_models_stands_beside_the_original(page: Page) -> None:
    section = " ".join(page.words[page.places["compression"] : page.places["training"]])
    assert "To use: classifier-int8.onnx (0.0800 MB), the smallest whose validation AUC" in section
    assert "0.400 ms 0.900–1.20 ms 2.50 times as fast" in section
    assert "−0.001 −0.003 to 0.000" in section
    assert "Not made: distilled. The original is EdgeNet of width 16 already." in section
    assert "FD[learned] of 630 images" in section


def test_files_that_look_once_say_what_that_costs(inputs: ReportInputs) -> None:
    assert "changed copies of an image" not in Page(render_report(inputs)).text
    part = inputs.compression.classifier
    lost = Figure(value=-0.0042, low=-0.0091, high=0.0012)
    rows = tuple(row.replace(test=row.test.replace(views_difference=lost)) for row in part.rows)
    views = ViewsScores(copies=4, validation_auc=0.914, auc=Figure(value=0.906, low=0.88, high=0.93))
    looking = inputs.compression.model_copy(update={"classifier": part.replace(rows=rows, views=views)})
    text = Page(render_report(replace(inputs, compression=looking))).text
    assert "averages over 4 changed copies of an image" in text
    assert "in one pass instead of 5" in text
    assert "Against all looks of the classifier" in text
    assert text.count("-0.004") + text.count("−0.004") >= 3


def test_a_run_without_smaller_models_says_so(inputs: ReportInputs, bare: ReportInputs) -> None:
    assert "was not run" in Page(render_report(bare)).text
    kept = inputs.compression.model_copy(update={"classifier": None})
    assert "There is no classifier to make smaller" in Page(render_report(replace(inputs, compression=kept))).text
