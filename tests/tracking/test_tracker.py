import subprocess
import sys
from contextlib import suppress

import pytest

from synthetyk.core.errors import MissingDependencyError, UnknownNameError
from synthetyk.tracking.registry import chosen, open_tracker
from synthetyk.tracking.subject import Subject, flat, plain
from synthetyk.tracking.tracker import NullTracker, Tracker, closing

IMPORT = """
import sys
from importlib import import_module
from pkgutil import iter_modules
import synthetyk.tracking
for module in iter_modules(synthetyk.tracking.__path__):
    import_module("synthetyk.tracking." + module.name)
print([name for name in ("torch", "mlflow", "wandb") if name in sys.modules])
"""


class Ending(NullTracker):
    """Remembers how it ended."""

    def close(self, ended="finished"):
        self.ended = ended


def test_the_one_that_keeps_nothing_keeps_the_protocol():
    assert isinstance(NullTracker(), Tracker)


def test_a_tracker_is_told_that_all_went_well():
    with closing(Ending()) as tracker:
        pass
    assert tracker.ended == "finished"


@pytest.mark.parametrize(("error", "ended"), [(RuntimeError, "failed"), (KeyboardInterrupt, "killed")])
def test_a_tracker_is_told_what_ended_it(error, ended):
    tracker = Ending()
    with suppress(error), closing(tracker):
        raise error
    assert tracker.ended == ended


def test_several_names_may_come_in_one_and_each_counts_once():
    assert chosen(["mlflow, wandb", "mlflow"]) == ("mlflow", "wandb")


def test_json_lines_are_always_on_and_need_no_place_in_the_list():
    assert chosen(["jsonl"]) == ()


def test_an_unknown_tracker_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match="no tracker called 'mlfow'.*Did you mean 'mlflow'"):
        chosen(["mlfow"])


@pytest.mark.parametrize("name", ["mlflow", "wandb"])
def test_a_package_that_is_missing_is_named_with_its_extra(monkeypatch, name):
    monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, f"synthetyk.tracking.{name}", raising=False)
    with pytest.raises(MissingDependencyError, match=rf"pip install 'synthetyk\[{name}\]'"):
        chosen([name])


def test_json_lines_of_a_run_lie_in_its_folder(tmp_path):
    open_tracker("jsonl", Subject(run=tmp_path)).close()
    assert (tmp_path / "metrics.jsonl").exists()


def test_nested_settings_get_dotted_names():
    assert dict(flat({"network": {"width": 8}, "seed": 3})) == {"network.width": 8, "seed": 3}


@pytest.mark.parametrize(
    ("name", "told"), [("FD[learned]", "FD/learned"), ("val_kd", "val_kd"), ("AUC of größe", "AUC/of/gr/e")]
)
def test_names_are_made_of_what_every_tracker_takes(name, told):
    assert plain(name) == told


def test_tracking_loads_neither_torch_nor_a_tracker_that_nobody_chose():
    done = subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
