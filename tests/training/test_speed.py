import time

from synthetyk.training.speed import measure


def test_speed_is_images_of_whole_steps_per_second(discs, tiny):
    began = time.monotonic()
    speed = measure(tiny(), discs(), seconds=0.2)
    assert 16 / (time.monotonic() - began) < speed < 1e6
