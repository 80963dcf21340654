import json

import jsonschema
import pytest

from synthetyk.cli.docstrings import described
from synthetyk.cli.models_in_words import type_in_words
from synthetyk.cli.reference import PAGES, write
from synthetyk.core.config import Config
from synthetyk.pipeline.experiments.experiment import Experiment, grid


@pytest.mark.parametrize("name", PAGES)
def test_the_committed_page_is_what_the_code_says(root, name):
    assert (root / "docs/reference" / name).read_text() == PAGES[name](), "stale: run make docs"


def test_no_page_is_left_behind(root):
    assert {path.name for path in (root / "docs/reference").iterdir()} == set(PAGES)


def test_the_schema_of_experiments_takes_what_is_read_and_refuses_what_is_not(root):
    schema = json.loads((root / "docs/reference/experiment.schema.json").read_text())
    validator = jsonschema.validators.validator_for(schema)
    validator.check_schema(schema)
    right = (
        {"encoder": ["edgenet", "resnet18"], "augmentation": [True, False], "epochs": 3},
        {"loss": "categorical_crossentropy", "metrics": ["acc"], "tracker": "mlflow", "wandb": {"project": "a"}},
        {
            "callbacks": [{"class_name": "EarlyStopping", "config": {"patience": 3}}],
            "$schema": "experiment.schema.json",
        },
        {"metrics": [["accuracy"], ["auc"]], "callbacks": [[], [{"class_name": "ReduceLROnPlateau"}]]},
    )
    wrong = (
        {"epoch": 3},
        {"epochs": 0},
        {"epochs": [1, "two"]},
        {"optimizer": "adamm"},
        {"callbacks": [{"class_name": "EarlyStopping", "config": {"patients": 3}}]},
    )
    assert [list(validator(schema).iter_errors(each)) for each in right] == [[]] * len(right)
    assert all(list(validator(schema).iter_errors(each)) for each in wrong)
    for values in right:
        Experiment.parse(next(unfolded(values)), where="a file")


def test_every_key_of_the_schema_is_explained(root):
    schema = json.loads((root / "docs/reference/experiment.schema.json").read_text())
    assert not [name for name, key in schema["properties"].items() if "description" not in key and name != "$schema"]


def unfolded(values):
    return (one for _, one in grid({name: value for name, value in values.items() if name != "$schema"}))


@pytest.mark.parametrize("name", ["commands.md", "plan.md"])
def test_every_option_and_every_plan_value_is_explained(name):
    rows = [line for line in PAGES[name]().splitlines() if line.startswith("| `")]
    assert rows
    assert not [row for row in rows if row.endswith("|  |")]


def test_pages_are_written_into_the_folder(tmp_path):
    write(tmp_path / "new")
    assert {path.name for path in (tmp_path / "new").iterdir()} == set(PAGES)


def test_attributes_are_read_from_parents_too_and_over_several_lines():
    class Parent(Config):
        """One.

        Attributes:
            a: First, and a long story
                that goes on: here.
        """

        a: int

    class Child(Parent):
        """Two.

        Attributes:
            b: Second.

        Raises:
            c: Not an attribute.
        """

        b: int

    assert described(Child) == {"a": "First, and a long story that goes on: here.", "b": "Second."}


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (int | None, "int | None"),
        (tuple[str, ...], "tuple[str, ...]"),
        (dict[str, tuple[int, int]], "dict[str, tuple[int, int]]"),
    ],
)
def test_types_read_as_people_write_them(annotation, words):
    assert type_in_words(annotation) == words
