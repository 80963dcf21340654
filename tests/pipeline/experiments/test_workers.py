import multiprocessing
import os
import signal
from dataclasses import dataclass

import pytest

from synthetyk.pipeline.experiments import workers as module
from synthetyk.pipeline.experiments.training import Training
from synthetyk.pipeline.experiments.workers import ERROR_FILE, KILLED, Task, Word, train_all
from synthetyk.tracking.jsonl import read_jsonl
from synthetyk.tracking.subject import Subject


@dataclass(frozen=True)
class Deadly(Training):
    """Its process is killed, as the system does when memory runs out."""

    def inputs(self):
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
def tasks(training):
    """Return a function that makes tasks of trainings, or of what their makers are changed to."""

    def make(*kinds):
        found = []
        for number, kind in enumerate(kinds):
            one = kind(**vars(training(number=number, name=kind.__name__.lower())))
            found.append(Task(one, Subject(run=one.folder, part="a/b", metrics=one.folder / "metrics.jsonl"), ()))
        return found

    return make


def heard(tasks, workers):
    words = []
    train_all(tasks, words.append, workers=workers)
    return words


def ends(words):
    return {word.training.number: word.failure for word in words if word.ended}


def test_several_processes_leave_the_same_as_one(tasks):
    told = []
    for workers in (1, 2):
        mine = tasks(Training, Training)
        assert ends(heard(mine, workers)) == {0: "", 1: ""}
        told.append([task.training.result().test.tobytes() for task in mine])
        assert [line["step"] for line in read_jsonl(mine[0].subject.metrics)] == [1, 2]
    assert told[0] == told[1]
    assert not multiprocessing.active_children()


def test_a_killed_process_is_told_of_and_replaced(tasks):
    mine = tasks(Deadly, Deadly, Training)
    assert ends(heard(mine, 2)) == {0: KILLED, 1: KILLED, 2: ""}
    assert mine[2].training.done()


def test_a_training_that_fails_stops_no_other(tasks, synthetic_set):
    mine = tasks(Training, Training)
    broken = vars(mine[0].training) | {"synthetic": str(synthetic_set(size=8))}
    failures = ends(heard([Task(Training(**broken), mine[0].subject, ()), mine[1]], 1))
    assert "8 x 8 pixels" in failures[0]
    assert failures[1] == ""


def test_a_bug_is_told_of_with_where_to_read_more(tasks, monkeypatch):
    monkeypatch.setattr(module, "train", lambda *_: 1 // 0)
    (task,) = tasks(Training)
    assert ends(heard([task], 1))[0].startswith("ZeroDivisionError: ")
    assert "Traceback" in (task.training.folder / ERROR_FILE).read_text()


def test_an_interrupt_is_no_failure(tasks, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "train", stopped)
    with pytest.raises(KeyboardInterrupt):
        heard(tasks(Training), 1)


def test_a_training_begins_its_lines_anew(tasks):
    (task,) = tasks(Training)
    task.subject.metrics.write_text('{"step": 1, "val_loss": 7.0}\n{"step": 9, "val_loss": 7.0}\n')
    heard([task], 1)
    assert [(line["step"], line["val_loss"] == 7) for line in read_jsonl(task.subject.metrics)] == [
        (1, False),
        (2, False),
    ]


def test_words_on_progress_are_passed_on_seldom_and_news_always(training, monkeypatch):
    monkeypatch.setattr(module, "OFTEN", 60)
    one, said = training(), []
    seldom = module._Seldom(said.append)
    for done, message in ((0, ""), (1, ""), (2, "better"), (3, "better")):
        seldom(Word(one, done, message))
    seldom(Word(one, ended=True))
    assert [(word.done, word.ended) for word in said] == [(0, False), (2, False), (0, True)]
