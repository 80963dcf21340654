import json

import pytest
from starlette.testclient import TestClient
from tests.service.pages.conftest import until
from tests.service.pages.test_run_state import end

from synthetyk.service.app import create_app
from synthetyk.service.models import ServedModels
from synthetyk.service.pages.run_files import STAGES
from synthetyk.service.pages.run_list import NewRun
from synthetyk.service.settings import ServiceSettings


def begun(pages, runs_root, **values):
    """Start a run and wait until it owns its folder."""
    where = pages.post("/runs", dataset="phantom", minutes="2", seed="3", **values)
    until((runs_root / where.removeprefix("/runs/") / "run.lock").exists)
    until(lambda: 'data-say="Running: plan"' in pages.get(f"{where}/live"))
    return where


@pytest.fixture
def finished(runs_root):
    folder = runs_root / "done"
    (folder / "stages").mkdir(parents=True)
    said = {"schema": "config/3", "dataset": "/data/chest", "budget_seconds": 600, "goal": "run", "seed": 0}
    (folder / "config.json").write_text(json.dumps(said))
    end(folder, *STAGES)
    scores = {"auc": {"mean": 0.9, "sd": 0.01, "low": 0.85, "high": 0.95}}
    study = {
        "verdict": {"outcome": "helps", "sentence": "Synthetic <b>images</b> help."},
        "arms": [{"name": "real", "scores": scores}],
    }
    (folder / "study").mkdir()
    (folder / "study" / "study.json").write_text(json.dumps(study))
    (folder / "report.html").write_text("<script>alert(1)</script>")
    return folder


def test_a_service_without_a_folder_of_runs_says_how_to_have_one(store):
    app = create_app(ServiceSettings(), store, ServedModels(()))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        assert "--runs-root" in client.get("/runs").text
        assert client.get("/runs/phantom-1").status_code == 409


def test_the_list_says_what_there_is_and_what_a_run_may_be_made_of(pages, finished, runs_root):
    (runs_root / "no-run").mkdir()
    text = pages.get("/runs")
    assert "Finished" in text
    assert "Yes, they help" in text
    assert "no-run" not in text
    assert [name for name in ("phantom", "chest", "set.npz") if f'value="{name}"' in text] == [
        "phantom",
        "chest",
        "set.npz",
    ]


def test_the_list_answers_its_question_with_no_other_answer(pages, finished):
    (finished / "privacy.json").write_text(json.dumps({"verdict": "no sign", "sentence": "No sign."}))
    (finished / "study" / "study.json").unlink()
    assert "No sign of memorisation" in pages.get("/runs/done")
    assert "No sign of memorisation" not in pages.get("/runs")


def test_a_run_shows_verdict_and_tables_and_nothing_of_them_is_markup(pages, finished):
    text = pages.get("/runs/done")
    assert "Synthetic &lt;b&gt;images&lt;/b&gt; help." in text
    assert "0.850–0.950" in text


def test_a_report_can_do_nothing(pages, finished):
    answer = pages.client.get("/runs/done/report")
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert "script-src" not in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_run_is_started_followed_stopped_and_gone_on_with(pages, runs_root):
    where = begun(pages, runs_root)
    assert where == "/runs/phantom-1"
    live = pages.get(f"{where}/live")
    assert "measuring" in live
    assert "Planned for" in live  # the page was loaded before the run had said so
    assert "about 3 s left" in live
    pages.post(f"{where}/stop")
    until(lambda: 'data-state="stopped"' in pages.get(f"{where}/live"))
    assert "the same command goes on from here" in pages.get(f"{where}/live")
    pages.post(f"{where}/resume")
    until(lambda: 'data-state="finished"' in pages.get(f"{where}/live"))


def test_the_next_run_of_a_data_set_has_the_next_name(pages, runs_root):
    assert begun(pages, runs_root) == "/runs/phantom-1"
    assert begun(pages, runs_root) == "/runs/phantom-2"


def test_what_the_form_says_is_what_is_started(pages, runs_root, data_root):
    pages.post("/runs", dataset="chest", name="mine", minutes="1.5", seed="7", fixed="gan_kimg=5\r\n\r\nthreads=1")
    first = until((runs_root / "mine" / "run.log").read_text).splitlines()[0]
    assert first == (
        f"$ synthetyk run {data_root / 'chest'} --output {runs_root / 'mine'} --budget 1.5min --seed 7 "
        "--set gan_kimg=5 --set threads=1"
    )


def test_a_run_that_fails_says_why(pages):
    where = pages.post("/runs", dataset="broken")
    until(lambda: "The data set is broken" in pages.get(f"{where}/live"))


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"dataset": "../secret"}, 404),
        ({"dataset": "absent"}, 404),
        ({"dataset": "phantom", "name": "../out"}, 422),
        ({"dataset": "phantom", "name": "data-sets"}, 422),
        ({"dataset": "phantom", "minutes": "0"}, 422),
        ({"dataset": "phantom", "fixed": "--output=x"}, 422),
        ({"dataset": ""}, 422),
    ],
)
def test_what_cannot_be_started_is_refused_in_words(pages, runs_root, values, status):
    text = pages.post("/runs", status=status, **values)
    assert 'role="alert"' in text
    assert list(runs_root.iterdir()) == []


def test_a_name_that_is_taken_is_refused(pages, finished):
    assert "is taken" in pages.post("/runs", dataset="phantom", name="done", status=422)


def test_a_form_without_the_token_is_refused(pages, runs_root):
    answer = pages.client.post("/runs", data={"dataset": "phantom"})
    assert answer.status_code == 403
    assert list(runs_root.iterdir()) == []


def test_stopping_what_does_not_run_is_a_conflict(pages, finished):
    assert "not at work" in pages.post("/runs/done/stop", status=409)


@pytest.mark.parametrize(
    "path",
    [
        "/runs/absent",
        "/runs/..%2Fsecret",
        "/runs/done/pictures/config.json",
        "/runs/done/samples/..%2F..%2Fconfig",
        "/runs/.git",
    ],
)
def test_what_is_not_there_is_not_found(pages, finished, path):
    pages.get(path, status=404)


def test_experiments_have_their_tables(pages, runs_root):
    folder = runs_root / "compared"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"schema": "experiments_config/1", "experiments": {}}))
    assert "have not ended" in pages.get("/runs/compared")
    figure = {"mean": 0.8, "low": 0.7, "high": 0.9}
    one = {"name": "resnet", "seeds": [0], "parameters": 1234, "test": {"auc": figure}, "failures": {}, "precision": ""}
    words = {"key": "encoder", "value": "resnet18", "baseline": "edgenet", "score": "auc", "outcome": "higher"}
    effect = {**words, "difference": figure}
    report = {
        "schema": "experiments/1",
        "experiments": [one],
        "effects": [effect],
        "best": "resnet",
        "notes": ["A note."],
    }
    (folder / "experiments.json").write_text(json.dumps(report))
    text = pages.get("/runs/compared")
    assert all(
        word in text for word in ("resnet", "1,234", "encoder = resnet18", "A note.", "best on validation images")
    )


def test_budgets_are_said_as_the_command_reads_them(tmp_path):
    from synthetyk.pipeline.settings import parse_budget

    arguments = NewRun(dataset="phantom", minutes=43200).arguments("phantom", tmp_path)
    assert parse_budget(arguments[arguments.index("--budget") + 1]) == 43200 * 60
