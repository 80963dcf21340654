import json

import pytest

from synthetyk.core.errors import ConfigError
from synthetyk.data.classes import Classes, ClassWords, classes_of, in_words, only_normal, positive_label, read_classes


def about(names, **said):
    return {each.name: each for each in classes_of(names, said).classes}


@pytest.mark.parametrize(
    "name",
    [
        "normal",
        "NORMAL",
        "healthy",
        "no_finding",
        "No Finding",
        "NoFindings",
        "negative",
        "covid-negative",
        "non-cancer",
    ],
)
def test_a_name_that_means_healthy_is_the_normal_class(name):
    assert classes_of([name, "pneumonia"], {}).normal == name


@pytest.mark.parametrize("name", ["abnormal", "not normal", "Non-Normal", "paranormal", "benign", "0", "positive"])
def test_a_name_that_does_not_is_not(name):
    assert classes_of([name, "other"], {}).normal is None


@pytest.mark.parametrize("name", ["notumor", "NOTUMOUR", "nofinding", "nofindings", "Uninfected"])
def test_a_denial_may_be_written_as_one_word(name):
    assert classes_of([name, "other"], {}).normal == name


@pytest.mark.parametrize(
    ("names", "label"), [(("ill", "normal"), 0), (("normal", "pneumonia"), 1), (("benign", "malignant"), 1)]
)
def test_positive_is_the_class_beside_the_normal_one(names, label):
    assert positive_label(names) == label


def test_two_names_that_mean_healthy_tell_nothing():
    assert classes_of(["healthy", "normal", "ill"], {}).normal is None


def test_a_risk_is_what_its_name_calls_one():
    found = about(["benign", "malignant"])
    assert (found["benign"].risk, found["malignant"].risk) == (False, True)


def test_beside_a_normal_class_everything_is_a_risk_but_what_is_called_benign():
    found = about(["normal", "benign", "gliosis"])
    assert {name: each.risk for name, each in found.items()} == {"normal": False, "benign": False, "gliosis": True}


def test_without_a_normal_class_a_name_that_says_nothing_is_no_risk():
    assert not any(each.risk for each in about(["EOSINOPHIL", "LYMPHOCYTE"]).values())


def test_what_the_user_says_wins_and_the_rest_is_told_by_names():
    said = {"a": ClassWords(title="Clear", normal=True, order=5), "b": ClassWords(risk=False)}
    found = classes_of(["a", "b", "no_finding"], said)
    assert found.normal == "a"
    assert [(each.title, each.risk, each.told) for each in found.classes] == [
        *(("Clear", False, "user"), ("B", False, "user"), ("No finding", True, "name")),
    ]
    assert [each.name for each in found.ordered] == ["b", "no_finding", "a"]


def test_a_class_that_the_user_does_not_call_normal_is_not():
    assert classes_of(["normal", "ill"], {"normal": ClassWords(normal=False)}).normal is None


def test_titles_keep_the_capitals_of_the_name():
    assert [each.title for each in classes_of(["no_finding", "COVID-19", "_"], {}).classes] == [
        *("No finding", "COVID 19", "_"),
    ]


def test_a_class_that_is_not_there_is_refused_with_the_nearest():
    with pytest.raises(ConfigError, match=r"no class 'normel'.*Did you mean 'normal'"):
        classes_of(["ill", "normal"], {"normel": ClassWords(normal=True)})
    with pytest.raises(ConfigError, match="there are no classes"):
        classes_of([], {"normal": ClassWords()})


def test_two_normal_classes_are_refused():
    with pytest.raises(ConfigError, match="a and b are both called normal"):
        classes_of(["a", "b"], {name: ClassWords(normal=True) for name in "ab"})


def test_one_class_called_normal_is_the_only_one():
    said = only_normal("b", ["a", "b"], {"a": ClassWords(title="A", normal=True)})
    assert classes_of(["a", "b"], said).normal == "b"
    assert said["a"].title == "A"
    with pytest.raises(ConfigError, match="no class 'c'"):
        only_normal("c", ["a", "b"], {})


def test_what_is_known_outlives_its_file(tmp_path):
    found = classes_of(["normal", "ill"], {})
    found.save(tmp_path / "classes.json")
    assert Classes.load(tmp_path / "classes.json") == found


def test_a_file_of_words_is_read(tmp_path):
    (tmp_path / "said.json").write_text(json.dumps({"normal": {"title": "No finding"}, "ill": {"risk": True}}))
    said = read_classes(tmp_path / "said.json")
    assert said == {"normal": ClassWords(title="No finding"), "ill": ClassWords(risk=True)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "a JSON object"),
        ('{"ill": true}', "'ill' is True.*an object such as"),
        ('{"ill": {"rysk": true}}', "'rysk'.*Did you mean 'risk'"),
        ('{"ill": {"risk": "maybe"}}', "class 'ill': risk is 'maybe'"),
    ],
)
def test_a_file_that_says_something_else_is_refused(tmp_path, text, message):
    (tmp_path / "said.json").write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_classes(tmp_path / "said.json")


@pytest.mark.parametrize(("name", "words"), [("1", "class 1"), ("benign", "benign"), ("grade 2", "grade 2")])
def test_a_class_that_is_a_bare_number_is_called_a_class(name, words):
    assert in_words(name) == words
