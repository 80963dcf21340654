import re
from pathlib import Path

import pytest

from synthetyk.core.errors import ConfigError
from synthetyk.data.groups import groups_from_names, neutral_names


def numbered(prefixes, each=2, folder=""):
    return [f"{folder}{prefix}_{number}.png" for prefix in prefixes for number in range(each)]


def test_the_group_is_the_name_without_its_last_number():
    keys = [*numbered([f"person{n}_bacteria" for n in range(5)]), "IM-0115-0001.jpeg", "NORMAL2-IM-0272-0001.jpeg"]
    groups, rule = groups_from_names(keys, [None] * len(keys))
    assert groups[0] == groups[1] == "person0_bacteria"
    assert groups[-2:] == ["IM-0115", "NORMAL2-IM-0272"]
    assert "7 groups of 12 images" in rule


def test_a_name_that_extends_another_image_belongs_to_its_group():
    keys = [*numbered("abcd"), "IM-0033-0001.jpeg", "IM-0033-0001-0001.jpeg", "IM-0033-0001-0002.jpeg"]
    groups, _ = groups_from_names(keys, [None] * len(keys))
    assert groups[-3:] == ["IM-0033"] * 3


def test_one_patient_in_two_splits_and_classes_is_one_group():
    keys = [*numbered("abcde", folder="train/sick/"), "test/well/a_7.png"]
    groups, _ = groups_from_names(keys, ["sick"] * 10 + ["well"])
    assert groups[-1] == groups[0] == "a"


def test_folders_below_the_class_are_part_of_the_name():
    keys = [f"train/sick/patient{p}/{n}.png" for p in range(4) for n in range(2)]
    groups, _ = groups_from_names(keys, ["sick"] * 8)
    assert groups[::2] == ["patient0", "patient1", "patient2", "patient3"]


def test_frames_of_one_file_are_not_told_apart():
    keys = [f"scan_{n}_a_1.dcm#{frame}" for n in range(4) for frame in range(2)]
    groups, _ = groups_from_names(keys, [None] * 8)
    assert groups[0] == groups[1] == "scan_0_a"


def test_names_without_a_number_or_of_numbers_alone_tell_no_group():
    keys = [*numbered("abcd"), "left.png", "0042.png"]
    assert groups_from_names(keys, [None] * 10)[0][-2:] == [None, None]


def test_single_names_are_not_taken_for_groups():
    groups, rule = groups_from_names([f"{n}_1.png" for n in range(9)], [None] * 9)
    assert not any(groups)
    assert "no two images" in rule


def test_one_name_for_everything_tells_nothing():
    groups, rule = groups_from_names(numbered(["image"], 20), [None] * 20)
    assert not any(groups)
    assert "half of the set" in rule


def test_a_name_for_each_class_tells_nothing():
    keys = [f"{name}/{name}_{n}.png" for name in ("benign", "malignant", "normal") for n in range(12)]
    groups, rule = groups_from_names(keys, [key.partition("/")[0] for key in keys])
    assert not any(groups)
    assert "half of a class" in rule


def test_a_pattern_names_the_group():
    groups, rule = groups_from_names(["a/p1-x.png", "a/p2-x.png", "a/other.png"], [None] * 3, r"^p(\d+)")
    assert groups == ["1", "2", None]
    assert "1 images in none" in rule


def test_a_pattern_with_a_slash_is_searched_in_the_whole_key():
    assert groups_from_names(["s/p1/x.png", "s/p2/x.png"], [None] * 2, r"/(p\d)/")[0] == ["p1", "p2"]


def test_neutral_names_count_groups_in_the_order_of_their_first_image():
    assert neutral_names(["Zoe", None, "Ann", "Zoe", ""]) == ["group-1", None, "group-2", "group-1", None]


def test_none_turns_the_search_off():
    assert groups_from_names(numbered("abcd"), [None] * 8, "none")[0] == [None] * 8


@pytest.mark.parametrize("pattern", ["(unclosed", "nogroup", r"(\d{9})x"])
def test_a_bad_pattern_is_a_config_error(pattern):
    with pytest.raises(ConfigError, match=re.escape(pattern)):
        groups_from_names(["a_1.png"], [None], pattern)


def test_chest_xray_patients_are_those_of_its_description(real_data):
    root: Path = real_data("chest_xray")
    keys = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.jpeg"))
    labels = [key.split("/")[1] for key in keys]
    groups, _ = groups_from_names(keys, labels)
    for key, group in zip(keys, groups, strict=True):
        name = Path(key).stem
        known = re.match(r"person\d+_(bacteria|virus)", name)
        if known:
            assert group == known[0]
        else:
            assert name.startswith(f"{group}-")
            assert re.fullmatch(r"-\d+(-\d+)?", name.removeprefix(str(group)))
    assert None not in groups
    train, test = ({g for g, k in zip(groups, keys, strict=True) if k.startswith(s)} for s in ("train", "test"))
    assert not train & test
