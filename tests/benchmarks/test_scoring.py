import pytest
from benchmarks.gan.scoring import figure, part

from synthetyk.evaluation.scores import Measure, Ratio, Scores


def scores(fd=0.0, kd=0.0, ratio=1.0, fd_floor=1.0, kd_floor=0.1, half=0.05):
    nothing = {name: Measure(name=name) for name in ("inception", "precision", "recall", "density", "coverage")}
    return Scores(
        name="overall",
        count=100,
        ratio=Ratio(value=ratio, synthetic=ratio, held_out=1.0, count=50),
        frechet=Measure(name="FD[x]", value=fd, floor=fd_floor),
        kernel=Measure(name="KD[x]", value=kd, low=kd - half, high=kd + half, floor=kd_floor),
        **nothing,
    )


def test_the_figure_is_the_excess_over_the_floor_as_a_part_of_the_peers():
    found = figure([scores(fd=2.0), scores(fd=3.0)], [scores(fd=7.0), scores(fd=5.0)], images=5000)
    assert found.measure == "FD[x]"
    assert found.value == pytest.approx((2.5 - 1) / (6 - 1))
    assert found.each == pytest.approx((1 / 6, 2 / 4))
    assert (found.ours, found.peer, found.floor) == (2.5, 6.0, 1.0)
    assert found.low is None


def test_with_few_images_the_kernel_distance_is_compared_with_its_interval():
    found = figure([scores(kd=0.3)], [scores(kd=1.1)], images=2047)
    assert found.measure == "KD[x]"
    assert found.value == pytest.approx(0.2 / 1.0)
    assert found.low == pytest.approx(0.15 / 1.05)
    assert found.high == pytest.approx(0.25 / 0.95)


def test_the_frechet_distance_leads_from_2048_images():
    assert figure([scores()], [scores(fd=2)], images=2048).measure == "FD[x]"


def test_a_peer_at_the_floor_leaves_no_figure():
    found = figure([scores(fd=2.0)], [scores(fd=1.0)], images=5000)
    assert found.value is None
    assert found.verdict(1 / 3) == "missed"
    assert part(1.0, 0.0) is None
    assert part(1.0, -1.0) is None


def test_a_peer_whose_interval_reaches_the_floor_leaves_the_figure_unbounded():
    found = figure([scores(kd=0.3)], [scores(kd=0.15, half=0.05)], images=100)
    assert found.high is None
    assert found.value == pytest.approx(4.0)


@pytest.mark.parametrize(
    ("fd", "ratios", "verdict"),
    [
        (2.0, (1.0, 0.95), "met"),
        (4.0, (1.0, 0.95), "missed"),
        (2.0, (1.0, 0.89), "void"),
        (0.5, (0.2, 0.2), "void"),
    ],
)
def test_nothing_counts_where_any_seed_lies_too_near_to_its_training_images(fd, ratios, verdict):
    found = figure([scores(fd=fd, ratio=ratio) for ratio in ratios], [scores(fd=7.0)] * 2, images=5000)
    assert found.verdict(1 / 3) == verdict


def test_a_ratio_that_could_not_be_measured_is_no_pass():
    unknown = scores(fd=1.5).model_copy(update={"ratio": Ratio(reason="too few")})
    assert figure([unknown], [scores(fd=7.0)], images=5000).verdict(1 / 3) == "void"
