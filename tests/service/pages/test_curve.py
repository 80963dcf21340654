import json

import pytest

from synthetyk.service.pages.curve import HEIGHT, MOST, WIDTH, curve_of, distances


def places(curve):
    return [tuple(map(float, place.split())) for place in curve.path[1:].split(" L")]


def test_a_line_goes_from_left_to_right_and_high_values_stand_high():
    found = curve_of([(1, 100), (2, 10), (4, 1)])
    assert places(found) == [(WIDTH / 4, 0), (WIDTH / 2, HEIGHT / 2), (WIDTH, HEIGHT)]
    assert found.logarithmic


def test_values_of_zero_and_below_have_a_plain_scale():
    found = curve_of([(1, 2), (2, 0), (4, -2)])
    assert places(found)[1] == (WIDTH / 2, HEIGHT / 2)
    assert not found.logarithmic


def test_equal_values_are_a_line():
    assert len({y for _, y in places(curve_of([(1, 5), (2, 5)]))}) == 1


@pytest.mark.parametrize("points", [[], [(1, 2)]])
def test_one_point_is_no_line(points):
    assert curve_of(points) is None


def test_a_long_training_has_no_more_points_than_can_be_seen():
    found = curve_of([(i, 10_000 - i) for i in range(10_000)])
    assert len(places(found)) <= MOST + 2
    assert places(found)[-1][0] == WIDTH


def test_distances_stand_where_the_last_losses_stood(tmp_path):
    path = tmp_path / "metrics.jsonl"
    lines = [{"step": 1, "kimg": 0.5}, {"step": 1, "val_kd": 9}, {"step": 2, "kimg": 1}, {"step": 2, "val_kd": None}]
    path.write_text("".join(json.dumps(line) + "\n" for line in [*lines, {"step": 3, "val_kd": 4}]) + '{"val_kd": 1')
    assert list(distances(path)) == [(0.5, 9), (1, 4)]
    assert list(distances(tmp_path / "absent")) == []
